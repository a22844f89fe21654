// The pieces that views are made of. Whatever comes from events is set as text.

export function element<K extends keyof HTMLElementTagNameMap>(tag: K, className = '', text = ''): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Sets text that has changed: what has not stays untouched, and is not read out again. */
export function say(on: HTMLElement, text: string): void {
  if (on.textContent !== text) on.textContent = text;
}

let ids = 0;

/** A part of a view with a heading of its own. */
export function panel(area: string, title: string): { root: HTMLElement; note: HTMLElement } {
  const root = element('section', `panel ${area}`);
  const heading = element('h2', '', title);
  heading.id = `panel-${++ids}`;
  root.setAttribute('aria-labelledby', heading.id);
  const note = element('p', 'note');
  const head = element('div', 'head');
  head.append(heading, note);
  root.append(head);
  return { root, note };
}

/** A figure of the strip: what it is, its value, and a line below. */
export class Tile {
  readonly root = element('div', 'tile');
  private readonly value = element('dd', 'value');
  private readonly below = element('dd', 'below');

  constructor(name: string, title: string) {
    this.value.dataset['figure'] = name;
    this.root.append(element('dt', '', title), this.value, this.below);
  }

  show(value: string, below = '', level: '' | 'warn' | 'bad' = ''): void {
    say(this.value, value);
    say(this.below, below);
    this.root.dataset['level'] = level;
  }
}

/** The row of the most important figures. */
export function strip(...tiles: Tile[]): HTMLElement {
  const list = element('dl', 'strip');
  list.append(...tiles.map(tile => tile.root));
  return list;
}

export interface Column<Row> {
  title: string;
  /** Whether it is a number, and so aligned by its digits. */
  number?: boolean;
  text: (row: Row) => string | Node;
}

/** A table whose first column names the row. */
export class Table<Row> {
  readonly root = element('div', 'scroll');
  private readonly body = element('tbody');
  private readonly empty: HTMLElement;
  private shown = '';

  constructor(name: string, caption: string, private readonly columns: Column<Row>[], empty: string) {
    const table = element('table');
    table.dataset['figure'] = name;
    table.append(element('caption', 'visually-hidden', caption));
    const head = element('tr');
    for (const column of columns) {
      const cell = element('th', column.number ? 'number' : '', column.title);
      cell.scope = 'col';
      head.append(cell);
    }
    const group = element('thead');
    group.append(head);
    table.append(group, this.body);
    this.empty = element('p', 'empty', empty);
    this.root.append(table, this.empty);
    // A table that is wider or longer than its place is moved by the keyboard too.
    this.root.tabIndex = 0;
    this.root.setAttribute('role', 'region');
    this.root.setAttribute('aria-label', caption);
  }

  show(rows: Row[]): void {
    const state = JSON.stringify(rows);
    if (state === this.shown) return;
    this.shown = state;
    this.body.replaceChildren(...rows.map(row => this.line(row)));
    (this.root.firstElementChild as HTMLElement).hidden = rows.length === 0;
    this.empty.hidden = rows.length > 0;
  }

  private line(row: Row): HTMLElement {
    const line = element('tr');
    this.columns.forEach((column, i) => {
      const cell = element(i === 0 ? 'th' : 'td', column.number ? 'number' : '');
      if (cell instanceof HTMLTableCellElement && i === 0) cell.scope = 'row';
      cell.append(column.text(row));
      line.append(cell);
    });
    return line;
  }
}

/** A chart's figures as tables, folded away. */
export function folded(...tables: { root: HTMLElement }[]): HTMLElement {
  const details = element('details');
  details.append(element('summary', '', 'As a table'), ...tables.map(table => table.root));
  return details;
}
