import { say } from './dom';
import { time } from './format';

const state = document.getElementById('state')!;
const text = document.getElementById('state-text')!;
const notice = document.getElementById('notice')!;
const announce = document.getElementById('announce')!;

/** Shows how fresh the figures are; a change of that, and nothing else, is read out. */
function tell(name: 'live' | 'stale' | 'lost', words: string, detail = ''): void {
  if (state.dataset['state'] !== name) say(announce, name === 'live' ? 'The figures are live.' : `${words}. ${detail}`);
  state.dataset['state'] = name;
  say(text, words);
  say(notice, detail);
  notice.hidden = detail === '';
}

/** Follows a view: `show` is called with its figures as they change. Returns what ends it. */
export function follow<Figures extends { asOf: string }>(view: string, show: (figures: Figures) => void): () => void {
  const source = new EventSource(`/events/${view}`);
  let last: Date | undefined;
  source.addEventListener('figures', event => {
    const figures = JSON.parse(event.data) as Figures;
    last = new Date(figures.asOf);
    show(figures);
    tell('live', `live, ${time(last)}`);
  });
  source.addEventListener('stale', event => {
    const { since, reason } = JSON.parse(event.data) as { since: string; reason: string };
    tell('stale', `stale since ${time(new Date(since))}`, `ClickHouse gives no figures: ${reason}`);
  });
  source.addEventListener('error', () => {
    tell('lost', last ? `stale since ${time(last)}` : 'no connection', 'The pipeline does not answer: it has been stopped, or is on its way back. This page goes on by itself once it does.');
  });
  return () => source.close();
}
