/** Rows of a definition's form, which are added and removed one by one. */
import type { JSX } from 'preact';
import type { UpdateDefinition } from '../../../core/webui/kit/definition-dialog.tsx';
import type { Json } from '../../../core/webui/kit/reading.ts';
import type { RowField, RowKind } from './form-rows.ts';
import { TextField } from './text-field.tsx';

export interface RowFieldsProps {
  readonly kind: RowKind;
  readonly definition: Json;
  readonly update: UpdateDefinition;
}

export function RowFields({ kind, definition, update }: RowFieldsProps): JSX.Element {
  const rows = kind.list(definition);
  const change = (to: (rows: readonly Json[]) => readonly Json[]): void =>
    update((current) => kind.put(current, to(kind.list(current))));
  return (
    <details open={rows.length > 0}>
      <summary>
        {kind.title} ({rows.length})
      </summary>
      {rows.map((row, index) => (
        // Not the name: it changes while it is typed.
        <fieldset key={index}>
          <legend>
            {kind.name} {index + 1}
          </legend>
          <div class="row">
            {kind.fields.map((field) => (
              <RowCell
                key={field.title}
                field={field}
                row={row}
                enter={(text) =>
                  change((known) =>
                    known.map((each, at) => (at === index ? field.enter(each, text) : each)),
                  )
                }
              />
            ))}
          </div>
          <button
            type="button"
            onClick={() => change((known) => known.filter((_, at) => at !== index))}
          >
            Remove {kind.name}
          </button>
        </fieldset>
      ))}
      <div class="actions">
        <button type="button" onClick={() => change((known) => [...known, kind.fresh])}>
          Add {kind.name}
        </button>
      </div>
    </details>
  );
}

interface RowCellProps {
  readonly field: RowField;
  readonly row: Json;
  readonly enter: (text: string) => void;
}

function RowCell({ field, row, enter }: RowCellProps): JSX.Element {
  const { title, choices, read } = field;
  if (choices === undefined) return <TextField title={title} shown={read(row)} enter={enter} />;
  return (
    <label>
      {title}
      <select value={read(row)} onChange={({ currentTarget }) => enter(currentTarget.value)}>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </label>
  );
}
