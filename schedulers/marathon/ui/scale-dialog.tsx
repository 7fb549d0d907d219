/** Asks how many instances there should be. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Dialog } from '../../../core/webui/kit/dialog.tsx';
import type { ListedSpec } from './model.ts';

export function ScaleDialog({
  spec,
  scale,
  onClose,
}: {
  readonly spec: ListedSpec;
  /** True when it was taken. */
  readonly scale: (instances: number) => Promise<boolean>;
  readonly onClose: () => void;
}): JSX.Element {
  const [count, setCount] = useState(String(spec.instances));
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const isDone = await scale(Number(count));
    if (isDone) onClose();
  };
  return (
    <Dialog title={`Scale ${spec.id}`} onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <label>
          Instances
          <input
            type="number"
            min="0"
            required
            value={count}
            onInput={({ currentTarget }) => setCount(currentTarget.value)}
          />
        </label>
        <footer class="actions">
          <button type="submit" class="primary">
            Scale
          </button>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
        </footer>
      </form>
    </Dialog>
  );
}
