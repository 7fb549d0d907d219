/** Light, dark, or as the system has it; remembered. */
import { effect, signal } from '@preact/signals';
import type { JSX } from 'preact';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];

const REMEMBERED = 'theme';

const theme = signal<Theme>(
  THEMES.find((name) => name === localStorage.getItem(REMEMBERED)) ?? 'auto',
);

effect(() => {
  localStorage.setItem(REMEMBERED, theme.value);
  if (theme.value === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme.value;
});

export function ThemeSwitch(): JSX.Element {
  return (
    <label class="theme">
      <span class="hidden">Theme</span>
      <select
        value={theme.value}
        onChange={({ currentTarget }) => {
          theme.value = THEMES.find((name) => name === currentTarget.value) ?? 'auto';
        }}
      >
        {THEMES.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
