import { axis, Chart, legend, tooltip } from './chart';
import { element, folded, panel, say, strip, Table, Tile } from './dom';
import type { DeadLetterRow, FloorFigures, QueueRow, UnitsRow } from './figures';
import { count, duration, minute, none, percent, words } from './format';
import { follow } from './live';

// Length and step in seconds are the server's; here is what they are called.
const periods = [
  { name: 'hour', label: 'hour', step: 60, per: 'minute' },
  { name: 'day', label: '24 hours', step: 900, per: '15 minutes' },
  { name: 'month', label: '30 days', step: 21_600, per: '6 hours' },
  { name: 'year', label: '365 days', step: 86_400, per: 'day' },
] as const;
type Period = (typeof periods)[number];

/** Dispositions from what keeps most of a unit's value to what keeps none, and then what is not decided. */
const dispositions = ['restock', 'refurbish', 'resell', 'return_to_vendor', 'donate', 'dispose', 'quarantine', 'manual_review'];

interface Flow { points: [number, number, number][]; step: number }
interface Mix { categories: string[]; series: { name: string; units: number[] }[] }

export function floor(main: HTMLElement): void {
  const tiles = {
    units: new Tile('units', 'Units in'),
    graded: new Tile('graded', 'Graded'),
    routed: new Tile('routed', 'Routed'),
    review: new Tile('manual_review', 'Manual review'),
    rate: new Tile('throughput', 'Throughput'),
    dwell: new Tile('dwell', 'Dwell, median'),
    dead: new Tile('dead_letters', 'Dead letters'),
  };

  const flow = panel('flow', 'Throughput');
  const flowChart = new Chart<Flow>((data, pen) => ({
    grid: { left: 8, right: 16, top: pen.size * 2.4, bottom: 4, containLabel: true },
    legend: { ...legend(pen), data: ['routed', 'manual review'] },
    tooltip: {
      ...tooltip(pen), trigger: 'axis', axisPointer: { type: 'none' },
      formatter: (at: { data: [number, number, number] }[]) =>
        `${minute(at[0]?.data[2] ?? 0)} UTC\n${count(at[0]?.data[1] ?? 0)} routed\n${count(at[1]?.data[1] ?? 0)} to manual review`,
    },
    xAxis: { ...axis(pen), type: 'time', splitLine: { show: false }, axisLabel: { ...axis(pen).axisLabel, hideOverlap: true, formatter: { month: '{MMM} {yyyy}', day: '{d} {MMM}' } } },
    yAxis: { ...axis(pen), type: 'value', minInterval: 1, axisLine: { show: false } },
    useUTC: true,
    series: [
      { name: 'routed', index: 1, colour: pen.series('resell') },
      { name: 'manual review', index: 2, colour: pen.series('manual_review') },
    ].map(s => ({
      name: s.name, type: 'bar', stack: 'units', barCategoryGap: '15%', itemStyle: { color: s.colour },
      // A bar stands in the middle of its step.
      data: data.points.map(p => [(p[0] + data.step / 2) * 1000, p[s.index], p[0]]),
    })),
  }));
  const flowTable = new Table<UnitsRow>('by_time', 'Units by time of their latest outcome', [
    { title: 'From (UTC)', text: row => minute(row.time ?? 0) },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Routed', number: true, text: row => count(row.routed) },
    { title: 'Manual review', number: true, text: row => count(row.manual_review) },
  ], 'Nothing in this period.');
  flow.root.append(flowChart.root, folded(flowTable));

  const mix = panel('mix', 'Dispositions by category');
  const mixChart = new Chart<Mix>((data, pen, width) => ({
    grid: { left: 8, right: 16, top: pen.size * (width < 460 ? 6 : width < 800 ? 4.2 : 2.6), bottom: 4, containLabel: true },
    legend: { ...legend(pen), width: '100%' },
    tooltip: {
      ...tooltip(pen), trigger: 'item',
      formatter: (at: { seriesName: string; name: string; data: { units: number; share: number } }) =>
        `${at.name}: ${at.seriesName}\n${count(at.data.units)} units, ${percent(at.data.share)}`,
    },
    xAxis: { ...axis(pen), type: 'value', max: 1, axisLabel: { ...axis(pen).axisLabel, formatter: (share: number) => `${Math.round(share * 100)}%` } },
    yAxis: { ...axis(pen), type: 'category', inverse: true, data: data.categories, axisLabel: { color: pen.text, fontSize: pen.size } },
    series: data.series.map(s => ({
      name: words(s.name), type: 'bar', stack: 'share', barMaxWidth: pen.size * 2.4, itemStyle: { color: pen.series(s.name), borderColor: pen.panel, borderWidth: 1 },
      data: s.units.map((units, i) => {
        const total = data.series.reduce((sum, other) => sum + (other.units[i] ?? 0), 0);
        return { value: units / total, units, share: units / total };
      }),
    })),
  }));
  const mixTable = new Table<{ category: string; units: number; by: Map<string, number> }>('by_category', 'Units by category and disposition', [
    { title: 'Category', text: row => row.category },
    { title: 'Units', number: true, text: row => count(row.units) },
    ...dispositions.map(d => ({ title: words(d), number: true, text: (row: { by: Map<string, number> }) => count(row.by.get(d) ?? 0) })),
  ], 'Nothing in this period.');
  mix.root.append(mixChart.root, folded(mixTable));

  const sites = panel('sites', 'Facilities');
  const siteTable = new Table<UnitsRow>('by_facility', 'Units by facility', [
    { title: 'Facility', text: row => row.facility ?? none },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'In review', number: true, text: row => count(row.manual_review) },
    { title: 'Median dwell', number: true, text: row => duration(row.dwell_seconds[0]) },
    { title: '90% within', number: true, text: row => duration(row.dwell_seconds[1]) },
  ], 'Nothing in this period.');
  sites.root.append(siteTable.root);

  const queue = panel('queue', 'Review queue');
  const reasonTable = new Table<QueueRow>('review_queue', 'Units that wait for an operator, by reason', [
    { title: 'Reason', text: row => words(row.reason ?? none) },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Longest wait', number: true, text: row => duration(row.longest_seconds) },
  ], 'Nobody has to decide anything.');
  const oldestTable = new Table<QueueRow['oldest'][number]>('oldest', 'The units that wait longest', [
    { title: 'LPN', text: row => element('code', '', row.lpn) },
    { title: 'Waiting', number: true, text: row => duration(row.waiting_seconds) },
    { title: 'Facility', text: row => row.facility },
    { title: 'Category', text: row => row.category ?? none },
  ], 'Nothing waits.');
  queue.root.append(reasonTable.root, element('h3', '', 'Waiting longest'), oldestTable.root);

  const dead = panel('dead', 'Dead letters');
  const deadTable = new Table<DeadLetterRow>('dead_letters_by_class', 'Dead letters by class of error', [
    { title: 'Error', text: row => row.error_class },
    { title: 'Topic', text: row => row.source_topic },
    { title: 'Records', number: true, text: row => count(row.records) },
  ], 'None: everything that came in was processed.');
  dead.root.append(deadTable.root);

  const side = element('div', 'side');
  side.append(queue.root, dead.root);

  main.classList.add('floor');
  main.append(strip(...Object.values(tiles)), flow.root, mix.root, sites.root, side);

  function show(figures: FloorFigures, period: Period): void {
    const all = figures.units.find(row => row.by === 'all');
    const of = (by: UnitsRow['by']): UnitsRow[] => figures.units.filter(row => row.by === by);
    const total = all?.units ?? 0;
    const share = (n: number): string => (total === 0 ? '' : percent(n / total));
    tiles.units.show(count(total), `in the last ${period.label}`);
    tiles.graded.show(count(all?.graded ?? 0), share(all?.graded ?? 0));
    tiles.routed.show(count(all?.routed ?? 0), share(all?.routed ?? 0));
    const waiting = figures.review_queue.find(row => row.reason === null);
    tiles.review.show(count(all?.manual_review ?? 0), waiting ? `${count(waiting.units)} wait now` : 'none waits', all?.manual_review ? 'warn' : '');
    tiles.dwell.show(duration(all?.dwell_seconds[0]), `90% within ${duration(all?.dwell_seconds[1])}`);
    const letters = figures.dead_letters.reduce((sum, row) => sum + row.records, 0);
    tiles.dead.show(count(letters), letters === 0 ? 'all processed' : 'to look at', letters === 0 ? '' : 'bad');

    const times = of('time');
    const points = steps(times, period.step);
    const most = Math.max(0, ...times.map(row => row.units));
    tiles.rate.show(points.length === 0 ? none : count(Math.round(total / points.length)), `per ${period.per}, at most ${count(most)}`);
    say(flow.note, `units per ${period.per}, by event time${all ? `, up to ${minute(all.newest_at)} UTC` : ''}`);
    flowChart.show({ points, step: period.step }, `Units per ${period.per}. ${count(total)} in all, at most ${count(most)} in one step.`);
    flowTable.show(times.toReversed());

    const rows = of('disposition');
    const categories = [...new Set(rows.map(row => row.category ?? none))]
      .map(category => {
        const by = new Map(rows.filter(row => row.category === category).map(row => [row.disposition ?? none, row.units]));
        return { category, units: [...by.values()].reduce((a, b) => a + b, 0), by };
      })
      .sort((a, b) => b.units - a.units || a.category.localeCompare(b.category));
    say(mix.note, 'share of units');
    mixChart.show({
      categories: categories.map(c => c.category),
      series: dispositions.filter(d => rows.some(row => row.disposition === d)).map(name => ({ name, units: categories.map(c => c.by.get(name) ?? 0) })),
    }, `Share of dispositions in each of ${categories.length} categories.`);
    mixTable.show(categories);

    siteTable.show(of('facility'));
    say(queue.note, waiting ? `${count(waiting.units)} units` : '');
    reasonTable.show(figures.review_queue.filter(row => row.reason !== null));
    oldestTable.show(waiting?.oldest ?? []);
    deadTable.show(figures.dead_letters);

    const origin = document.getElementById('origin')!;
    const made = (all?.origins ?? []).filter(o => o !== 'station');
    origin.hidden = made.length === 0;
    say(origin, made.join(', '));
  }

  const picker = document.getElementById('period')!;
  const select = picker.querySelector('select')!;
  picker.hidden = false;
  select.append(...periods.map(p => new Option(p.label, p.name)));
  select.value = new URLSearchParams(location.search).get('period') ?? 'day';
  let end = (): void => {};
  const begin = (): void => {
    end();
    const period = periods.find(p => p.name === select.value) ?? periods[1];
    select.value = period.name;
    end = follow<FloorFigures>(`floor/${period.name}`, figures => show(figures, period));
  };
  select.addEventListener('change', () => {
    history.replaceState(null, '', `?period=${select.value}`);
    begin();
  });
  begin();
}

/** Every step from the first to the last, those without units too: time, routed, and to manual review. */
function steps(rows: UnitsRow[], step: number): [number, number, number][] {
  const first = rows[0]?.time ?? 0;
  const last = rows.at(-1)?.time ?? -1;
  const at = new Map(rows.map(row => [row.time, row]));
  const points: [number, number, number][] = [];
  for (let time = first; time <= last; time += step) points.push([time, at.get(time)?.routed ?? 0, at.get(time)?.manual_review ?? 0]);
  return points;
}
