import { axis, Chart, tooltip } from './chart';
import { element, folded, panel, say, strip, Table, Tile } from './dom';
import type { ChannelRow, GradeRow, RecoveryFigures, WriteOffRow, WriteOffTimeRow, WriteOffValueRow } from './figures';
import { count, day, money, percent, words } from './format';
import { follow } from './live';

interface Bar { name: string; share: number; detail: string; colour: string }

/** Bars of shares, each with its value at its end: side by side where they follow each other in time, else one below the other. */
const bars = (direction: 'down' | 'along'): Chart<Bar[]> => new Chart<Bar[]>((data, pen, width) => {
  const names = { ...axis(pen), type: 'category' as const, inverse: direction === 'down', data: data.map(bar => bar.name), axisLabel: { color: pen.text, fontSize: pen.size, hideOverlap: true } };
  const shares = { ...axis(pen), type: 'value' as const, axisLabel: { ...axis(pen).axisLabel, hideOverlap: true, formatter: (share: number) => `${Math.round(share * 1000) / 10}%` } };
  return {
    grid: { left: 8, right: direction === 'down' ? pen.size * 5 : 8, top: direction === 'down' ? 8 : pen.size * 2, bottom: 4, containLabel: true },
    tooltip: { ...tooltip(pen), trigger: 'item', formatter: (at: { dataIndex: number }) => `${data[at.dataIndex]?.name}\n${data[at.dataIndex]?.detail}` },
    xAxis: direction === 'down' ? shares : names,
    yAxis: direction === 'down' ? names : shares,
    series: [{
      type: 'bar', barMaxWidth: pen.size * (direction === 'down' ? 2 : 4),
      label: {
        // Where there is room for it.
        show: direction === 'down' || data.length * pen.size * 4 < width,
        position: direction === 'down' ? 'right' : 'top', color: pen.text, fontSize: pen.size,
        formatter: (at: { dataIndex: number }) => percent(data[at.dataIndex]?.share ?? 0),
      },
      data: data.map(bar => ({ value: bar.share, itemStyle: { color: pen.series(bar.colour) } })),
    }],
  };
});

export function recovery(main: HTMLElement): void {
  const received = new Tile('received', 'Units');
  const writeOff = new Tile('write_off_rate', 'Write-off rate');
  const kept = new Tile('kept_kilograms', 'Kept from landfill');
  const tiles = strip(received, writeOff, kept);
  const perCurrency = new Map<string, { net: Tile; cost: Tile; charged: Tile }>();

  const off = panel('write-off', 'Write-off rate by category');
  const offChart = bars('down');
  const offTable = new Table<WriteOffRow>('write_off', 'Written off by category, in units', [
    { title: 'Category', text: row => row.category },
    { title: 'Decided', number: true, text: row => count(row.decided) },
    { title: 'Written off', number: true, text: row => count(row.written_off) },
    { title: 'Rate', number: true, text: row => percent(row.rate) },
  ], 'No unit is finally decided yet.');
  const offValueTable = new Table<WriteOffValueRow>('write_off_value', 'Written off by category, in value, per currency', [
    { title: 'Category', text: row => row.category },
    { title: 'Currency', text: row => row.currency },
    { title: 'Cost', number: true, text: row => money(row.decided_value) },
    { title: 'Written off', number: true, text: row => money(row.written_off_value) },
    { title: 'Rate', number: true, text: row => percent(row.rate) },
  ], 'No decided unit has a cost yet.');
  say(off.note, 'disposed of, share of units finally decided');
  off.root.append(offChart.root, folded(offTable, offValueTable));

  const time = panel('over-time', 'Write-off rate over time');
  const timeChart = bars('along');
  const timeTable = new Table<WriteOffTimeRow>('write_off_over_time', 'Written off by when units were received', [
    { title: 'Received from', text: row => day(row.time) },
    { title: 'Decided', number: true, text: row => count(row.decided) },
    { title: 'Written off', number: true, text: row => count(row.written_off) },
    { title: 'Rate', number: true, text: row => percent(row.rate) },
  ], 'No unit is finally decided yet.');
  time.root.append(timeChart.root, folded(timeTable));

  const grades = panel('grades', 'Recovery rate by grade');
  const gradeChart = bars('down');
  const gradeTable = new Table<GradeRow>('recovery_by_grade', 'Net recovery over resale value as new, by grade and currency', [
    { title: 'Grade', text: row => row.grade },
    { title: 'Currency', text: row => row.currency },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Net recovery', number: true, text: row => money(row.recovery_value) },
    { title: 'Resale, new', number: true, text: row => money(row.resale_value) },
    { title: 'Rate', number: true, text: row => percent(row.rate) },
  ], 'No unit has an expected value yet.');
  say(grades.note, 'net recovery over resale value as new');
  grades.root.append(gradeChart.root, folded(gradeTable));

  const channels = panel('channels', 'Recovery by channel');
  const channelTables = new Map<string, Table<ChannelRow>>();
  const channelTable = (currency: string): Table<ChannelRow> => new Table<ChannelRow>(`recovered_by_channel_${currency}`, `Recovery by where units go, ${currency}`, [
    { title: 'Goes to', text: row => words(row.channel) },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Expected', number: true, text: row => money(row.expected_proceeds) },
    { title: 'Paid for', number: true, text: row => count(row.settled_units) },
    { title: 'Paid', number: true, text: row => money(row.settled_proceeds) },
    { title: `Net, ${currency}`, number: true, text: row => money(row.net_recovery) },
    { title: 'Share', text: row => gauge(row) },
  ], 'No unit has an expected value yet.');
  say(channels.note, 'net: paid, or expected still, less processing, refurbishment and freight');
  let largest = new Map<string, number>();
  function gauge(row: ChannelRow): HTMLElement {
    const meter = element('span', 'gauge');
    meter.setAttribute('aria-hidden', 'true');
    const fill = element('span', Number(row.net_recovery) < 0 ? 'loss' : '');
    fill.style.inlineSize = `${Math.round(100 * Math.abs(Number(row.net_recovery)) / (largest.get(row.currency) || 1))}%`;
    meter.append(fill);
    return meter;
  }
  const perCurrencyTables = element('div', 'side-by-side');
  channels.root.append(perCurrencyTables);

  main.classList.add('recovery');
  main.append(tiles, off.root, time.root, grades.root, channels.root);

  follow<RecoveryFigures>('recovery', figures => {
    const all = figures.recovery_totals[0];
    received.show(count(all?.units ?? 0), `${count(all?.decided ?? 0)} finally decided`);
    writeOff.show(percent(all?.rate ?? null), `${count(all?.written_off ?? 0)} units`);
    kept.show(`${count(Math.round(all?.kept_kilograms ?? 0))} kg`, 'not disposed of');
    const origin = document.getElementById('origin')!;
    const made = (all?.origins ?? []).filter(o => o !== 'station');
    origin.hidden = made.length === 0;
    say(origin, made.join(', '));

    for (const row of figures.recovery_by_currency) {
      let set = perCurrency.get(row.currency);
      if (!set) {
        set = {
          net: new Tile(`net_recovery_${row.currency}`, `Net recovery, ${row.currency}`),
          cost: new Tile(`cost_per_return_${row.currency}`, `Cost per return, ${row.currency}`),
          charged: new Tile(`chargeback_recovery_${row.currency}`, `Chargeback recovery, ${row.currency}`),
        };
        perCurrency.set(row.currency, set);
        tiles.append(set.net.root, set.cost.root, set.charged.root);
      }
      set.net.show(money(row.net_recovery), `${money(row.settled_proceeds)} paid for ${count(row.settled_units)}`);
      set.cost.show(money(row.cost_per_return), 'processing, refurbishment, freight');
      const charged = figures.chargeback_recovery.find(c => c.currency === row.currency);
      set.charged.show(percent(charged?.rate ?? null), charged ? `${money(charged.charged)} for defects of ${money(charged.defect_value)}` : 'nothing charged');
    }

    offChart.show(figures.write_off_by_category.map(row => ({
      name: row.category, share: row.rate ?? 0, detail: `${count(row.written_off)} of ${count(row.decided)} units`, colour: 'dispose',
    })), `Write-off rates. ${figures.write_off_by_category.map(row => `${row.category}: ${percent(row.rate)}`).join('; ')}`);
    offTable.show(figures.write_off_by_category);
    offValueTable.show(figures.write_off_value_by_category);

    const monthly = figures.write_off_over_time[0]?.span === 'month';
    say(time.note, `by ${monthly ? 'month' : 'day'} of receipt`);
    timeChart.show(figures.write_off_over_time.map(row => ({
      name: day(row.time).slice(0, monthly ? 7 : 10), share: row.rate ?? 0, detail: `${count(row.written_off)} of ${count(row.decided)} units`, colour: 'dispose',
    })), `Write-off rate by ${monthly ? 'month' : 'day'}. ${figures.write_off_over_time.slice(-12).map(row => `${day(row.time)}: ${percent(row.rate)}`).join('; ')}`);
    timeTable.show(figures.write_off_over_time.toReversed());

    const rates = figures.recovery_by_grade.filter(row => row.rate !== null);
    const several = new Set(rates.map(row => row.currency)).size > 1;
    gradeChart.show(rates.map(row => ({
      name: several ? `${row.grade}, ${row.currency}` : row.grade, share: row.rate ?? 0, colour: 'resell',
      detail: `${money(row.recovery_value)} of ${money(row.resale_value)} ${row.currency}, ${count(row.units)} units`,
    })), `Recovery rates. ${rates.map(row => `${row.grade}, ${row.currency}: ${percent(row.rate)}`).join('; ')}`);
    gradeTable.show(figures.recovery_by_grade);

    largest = new Map();
    for (const row of figures.recovered_by_channel) {
      largest.set(row.currency, Math.max(largest.get(row.currency) ?? 0, Math.abs(Number(row.net_recovery))));
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
