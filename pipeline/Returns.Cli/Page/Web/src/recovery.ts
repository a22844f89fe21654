import { axis, Chart, tooltip } from './chart';
import { element, folded, panel, say, strip, Table, Tile } from './dom';
import type { ChannelRow, GradeRow, RecoveryFigures, WriteOffRow } from './figures';
import { count, money, none, percent, words } from './format';
import { follow } from './live';

interface Bar { name: string; share: number; detail: string; colour: string }

/** Horizontal bars of shares, each with its value at its end. */
const bars = (): Chart<Bar[]> => new Chart<Bar[]>((data, pen) => ({
  grid: { left: 8, right: pen.size * 5, top: 8, bottom: 4, containLabel: true },
  tooltip: { ...tooltip(pen), trigger: 'item', formatter: (at: { dataIndex: number }) => `${data[at.dataIndex]?.name}\n${data[at.dataIndex]?.detail}` },
  xAxis: { ...axis(pen), type: 'value', axisLabel: { ...axis(pen).axisLabel, hideOverlap: true, formatter: (share: number) => `${Math.round(share * 100)}%` } },
  yAxis: { ...axis(pen), type: 'category', inverse: true, data: data.map(bar => bar.name), axisLabel: { color: pen.text, fontSize: pen.size } },
  series: [{
    type: 'bar', barMaxWidth: pen.size * 2,
    label: { show: true, position: 'right', color: pen.text, fontSize: pen.size, formatter: (at: { dataIndex: number }) => percent(data[at.dataIndex]?.share ?? 0) },
    data: data.map(bar => ({ value: bar.share, itemStyle: { color: pen.series(bar.colour) } })),
  }],
}));

export function recovery(main: HTMLElement): void {
  const writeOff = new Tile('write_off_rate', 'Write-off rate');
  const final = new Tile('decided_units', 'Finally decided');
  const tiles = strip(final, writeOff);
  const perCurrency = new Map<string, { value: Tile; lost: Tile; recovered: Tile }>();

  const off = panel('write-off', 'Write-off rate by category');
  const offChart = bars();
  const offTable = new Table<WriteOffRow>('write_off', 'Written off by category, in units, and in value per currency', [
    { title: 'Category', text: row => row.category },
    { title: 'Currency', text: row => row.currency ?? 'all' },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Written off', number: true, text: row => count(row.written_off_units) },
    { title: 'Rate', number: true, text: row => percent(row.rate_units) },
    { title: 'Cost', number: true, text: row => (row.currency ? money(row.value) : none) },
    { title: 'Written off, cost', number: true, text: row => (row.currency ? money(row.written_off_value) : none) },
    { title: 'Rate, value', number: true, text: row => (row.currency ? percent(row.rate_value) : none) },
  ], 'No unit is finally decided yet.');
  say(off.note, 'disposed of, share of finally decided units');
  off.root.append(offChart.root, folded(offTable));

  const grades = panel('grades', 'Recovery rate by grade');
  const gradeChart = bars();
  const gradeTable = new Table<GradeRow>('recovery_by_grade', 'Expected recovery over resale value as new, by grade and currency', [
    { title: 'Grade', text: row => row.grade },
    { title: 'Currency', text: row => row.currency },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Expected', number: true, text: row => money(row.recovery_value) },
    { title: 'Resale, new', number: true, text: row => money(row.resale_value) },
    { title: 'Rate', number: true, text: row => percent(row.rate) },
  ], 'No unit has an expected value yet.');
  say(grades.note, 'expected net recovery over resale value as new');
  grades.root.append(gradeChart.root, folded(gradeTable));

  const channels = panel('channels', 'Expected recovery by channel');
  const channelTables = new Map<string, Table<ChannelRow>>();
  const channelTable = (currency: string): Table<ChannelRow> => new Table<ChannelRow>(`recovered_by_channel_${currency}`, `Expected net recovery by disposition and channel, ${currency}`, [
    { title: 'Goes to', text: row => (row.channel === null ? words(row.disposition) : words(row.channel)) },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: `Expected, ${currency}`, number: true, text: row => money(row.recovery_value) },
    { title: 'Per unit', number: true, text: row => money((Number(row.recovery_value) / row.units).toFixed(2)) },
    { title: 'Share', text: row => gauge(row) },
  ], 'No unit has an expected value yet.');
  say(channels.note, 'proceeds less processing, refurbishment and freight');
  let largest = new Map<string, number>();
  function gauge(row: ChannelRow): HTMLElement {
    const meter = element('span', 'gauge');
    meter.setAttribute('aria-hidden', 'true');
    const fill = element('span', Number(row.recovery_value) < 0 ? 'loss' : '');
    fill.style.inlineSize = `${Math.round(100 * Math.abs(Number(row.recovery_value)) / (largest.get(row.currency) || 1))}%`;
    meter.append(fill);
    return meter;
  }
  const perCurrencyTables = element('div', 'side-by-side');
  channels.root.append(perCurrencyTables);

  main.classList.add('recovery');
  main.append(tiles, off.root, grades.root, channels.root);

  follow<RecoveryFigures>('recovery', figures => {
    const inUnits = figures.write_off_by_category.filter(row => row.currency === null);
    const units = inUnits.reduce((sum, row) => sum + row.units, 0);
    const lost = inUnits.reduce((sum, row) => sum + row.written_off_units, 0);
    final.show(count(units), 'units');
    writeOff.show(units === 0 ? none : percent(lost / units), `${count(lost)} units`);

    for (const currency of new Set(figures.recovered_by_channel.map(row => row.currency).concat(figures.write_off_by_category.flatMap(row => row.currency || [])))) {
      let set = perCurrency.get(currency);
      if (!set) {
        set = {
          value: new Tile(`cost_${currency}`, `Cost, ${currency}`),
          recovered: new Tile(`recovered_${currency}`, `Expected recovery, ${currency}`),
          lost: new Tile(`lost_${currency}`, `Written off, ${currency}`),
        };
        perCurrency.set(currency, set);
        tiles.append(set.value.root, set.recovered.root, set.lost.root);
      }
      const rows = figures.write_off_by_category.filter(row => row.currency === currency);
      const cost = sum(rows.map(row => row.value));
      const gone = sum(rows.map(row => row.written_off_value));
      set.value.show(money(cost), 'of finally decided units');
      set.recovered.show(money(sum(figures.recovered_by_channel.filter(row => row.currency === currency).map(row => row.recovery_value))), 'net, all dispositions');
      set.lost.show(money(gone), Number(cost) > 0 ? `${percent(Number(gone) / Number(cost))} of cost` : '');
    }

    offChart.show(inUnits.map(row => ({
      name: row.category, share: row.rate_units, detail: `${count(row.written_off_units)} of ${count(row.units)} units`, colour: 'dispose',
    })), `Write-off rate in ${inUnits.length} categories${inUnits[0] ? `, the highest in ${inUnits[0].category}: ${percent(inUnits[0].rate_units)}` : ''}.`);
    offTable.show(figures.write_off_by_category.filter(row => row.currency !== ''));

    const rates = figures.recovery_by_grade.filter(row => row.rate !== null);
    const several = new Set(rates.map(row => row.currency)).size > 1;
    gradeChart.show(rates.map(row => ({
      name: several ? `${row.grade}, ${row.currency}` : row.grade, share: row.rate ?? 0, colour: 'resell',
      detail: `${money(row.recovery_value)} of ${money(row.resale_value)} ${row.currency}, ${count(row.units)} units`,
    })), rates.map(row => `Grade ${row.grade}, ${row.currency}: ${percent(row.rate)}`).join('; '));
    gradeTable.show(figures.recovery_by_grade);

    largest = new Map();
    for (const row of figures.recovered_by_channel) {
      largest.set(row.currency, Math.max(largest.get(row.currency) ?? 0, Math.abs(Number(row.recovery_value))));
    }
    for (const currency of largest.keys()) {
      let table = channelTables.get(currency);
      if (!table) {
        table = channelTable(currency);
        channelTables.set(currency, table);
        perCurrencyTables.append(table.root);
      }
      table.show(figures.recovered_by_channel.filter(row => row.currency === currency));
    }
  });
}

/** The sum of amounts of four decimals, exactly. */
function sum(amounts: (string | null)[]): string {
  let total = 0n;
  for (const amount of amounts) {
    const [whole = '0', part = ''] = (amount ?? '0').replace('-', '').split('.');
    const tenThousandths = BigInt(whole) * 10_000n + BigInt(part.padEnd(4, '0'));
    total += amount?.startsWith('-') ? -tenThousandths : tenThousandths;
  }
  const size = total < 0n ? -total : total;
  return `${total < 0n ? '-' : ''}${size / 10_000n}.${String(size % 10_000n).padStart(4, '0')}`;
}
