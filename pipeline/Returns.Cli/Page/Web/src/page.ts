import { redrawAll } from './chart';
import { floor } from './floor';
import { recovery } from './recovery';
import { vendors } from './vendors';

const main = document.getElementById('main')!;
const path = location.pathname;
for (const link of document.querySelectorAll('nav a')) {
  if (link.getAttribute('href') === path) {
    link.setAttribute('aria-current', 'page');
    document.title = `${link.textContent} – Returns`;
    main.querySelector('h1')!.textContent = link.textContent;
  }
}

const button = document.getElementById('theme')!;
const isDark = (): boolean => document.documentElement.dataset['theme'] === 'dark';
button.setAttribute('aria-pressed', String(isDark()));
button.addEventListener('click', () => {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset['theme'] = theme;
  localStorage.setItem('theme', theme);
  button.setAttribute('aria-pressed', String(isDark()));
  redrawAll();
});

const views: Record<string, (main: HTMLElement) => void> = { '/': floor, '/recovery': recovery, '/vendors': vendors };
views[path]?.(main);
