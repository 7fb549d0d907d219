/** A field of a definition's form. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';

export interface TextFieldProps {
  readonly title: string;
  readonly shown: string;
  readonly isReadOnly?: boolean;
  readonly isArea?: boolean;
  readonly enter: (text: string) => void;
}

/**
 * What is typed is part of the definition when the field is left, as half a number is none. Until then it
 * is kept here: the page is drawn anew whenever the cluster changes, and would show the old text again.
 */
export function TextField({
  title,
  shown,
  isReadOnly,
  isArea,
  enter,
}: TextFieldProps): JSX.Element {
  const [draft, setDraft] = useState<string | undefined>(undefined);
  const typed = {
    value: draft ?? shown,
    onInput: ({ currentTarget }: FieldEvent) => setDraft(currentTarget.value),
    onChange: ({ currentTarget }: FieldEvent) => {
      setDraft(undefined);
      enter(currentTarget.value);
    },
  };
  if (isArea === true) {
    return (
      <label>
        {title}
        <textarea spellcheck={false} {...typed} />
      </label>
    );
  }
  return (
    <label>
      {title}
      <input readOnly={isReadOnly === true} {...typed} />
    </label>
  );
}

interface FieldEvent {
  readonly currentTarget: { readonly value: string };
}
