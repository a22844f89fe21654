import { axis, Chart, tooltip } from './chart';
import { element, panel, say, strip, Table, Tile } from './dom';
import type { AlertRow, ChargebackRow, VendorFigures, VendorRateRow } from './figures';
import { count, day, minute, money, none, percent, words } from './format';
import { follow } from './live';

/** A rate with its interval, beside what is allowed. */
interface Interval { name: string; rate: number; lower: number; upper: number; allowed: number | null; open: boolean; detail: string }

/** The highest rates are drawn; the table has them all. */
const mostDrawn = 15;

/** Alerts go by the one, chargebacks by the other. */
const windowNames = { rate: 'alerts', billing: 'billing' };

export function vendors(main: HTMLElement): void {
  const measured = new Tile('vendors', 'Vendors measured');
  const open = new Tile('open_alerts', 'Open alerts');
  const issued = new Tile('documents', 'Documents');
  const tiles = strip(measured, open, issued);
  const charged = new Map<string, Tile>();

  const rates = panel('rates', 'Defect rate in units');
  const rateChart = new Chart<Interval[]>((data, pen) => ({
    grid: { left: 8, right: 24, top: 8, bottom: 4, containLabel: true },
    tooltip: { ...tooltip(pen), trigger: 'item', formatter: (at: { dataIndex: number }) => `${data[at.dataIndex]?.name}\n${data[at.dataIndex]?.detail}` },
    xAxis: { ...axis(pen), type: 'value', min: 0, max: (range: { max: number }) => Math.min(1, Math.ceil(range.max * 10) / 10), axisLabel: { ...axis(pen).axisLabel, hideOverlap: true, formatter: (share: number) => `${Math.round(share * 100)}%` } },
    yAxis: { ...axis(pen), type: 'category', inverse: true, data: data.map(row => row.name), axisLabel: { color: pen.text, fontSize: pen.size } },
    series: [{
      type: 'custom',
      encode: { x: [1, 2, 3, 4], y: 0 },
      data: data.map((row, i) => [i, row.rate, row.lower, row.upper, row.allowed ?? 0]),
      renderItem: (_: unknown, api: { value: (dimension: number) => number; coord: (at: number[]) => [number, number]; size: (of: number[]) => [number, number] }) => {
        const i = api.value(0);
        const row = data[i];
        const [x, y] = api.coord([api.value(1), i]);
        const [low] = api.coord([api.value(2), i]);
        const [high] = api.coord([api.value(3), i]);
        const [limit] = api.coord([api.value(4), i]);
        const half = Math.min(api.size([0, 1])[1] / 3, pen.size * 1.2);
        const colour = row?.open ? pen.bad : pen.accent;
        return {
          type: 'group',
          children: [
            { type: 'line', shape: { x1: low, y1: y, x2: high, y2: y }, style: { stroke: colour, lineWidth: 3, lineCap: 'round' } },
            { type: 'circle', shape: { cx: x, cy: y, r: pen.size / 2.2 }, style: { fill: colour, stroke: pen.panel, lineWidth: 2 } },
            ...(row?.allowed === null ? [] : [{ type: 'line', shape: { x1: limit, y1: y - half, x2: limit, y2: y + half }, style: { stroke: pen.text, lineWidth: 2 } }]),
          ],
        };
      },
    }],
  }));
  const rateTable = new Table<VendorRateRow & { allowed: number | null; allowed_value: number | null; open: boolean }>('vendor_rates', 'Defects per vendor and agreement in its latest windows', [
    { title: 'Vendor', text: row => row.vendor },
    { title: 'Program', text: row => row.program },
    { title: 'Agreement', text: row => row.agreement },
    { title: 'Window', text: row => windowNames[row.kind] },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Defective', number: true, text: row => count(row.defects) },
    { title: 'Rate', number: true, text: row => percent(row.rate_units) },
    { title: '95% interval', number: true, text: row => (row.lower_bound === null ? none : `${percent(row.lower_bound)} to ${percent(row.upper_bound)}`) },
    { title: 'Allowed', number: true, text: row => percent(row.allowed) },
    { title: 'Rate, value', number: true, text: row => percent(row.rate_value) },
    { title: 'Allowed, value', number: true, text: row => percent(row.allowed_value) },
    { title: 'Until (UTC)', text: row => minute(row.window_end_at) },
    { title: 'Alert', text: row => mark(row.open ? 'open' : '', row.open) },
  ], 'No vendor is measured yet.');
  say(rates.note, 'dot: rate; line: 95% interval; upright: allowed');
  rateChart.root.classList.add('by-rows');
  rates.root.append(rateChart.root, rateTable.root);

  const alerts = panel('alerts', 'Open alerts');
  const alertTable = new Table<AlertRow>('vendor_alerts', 'Open vendor alerts, newest first', [
    { title: 'Vendor', text: row => row.vendor },
    { title: 'Program', text: row => row.program },
    { title: 'By', text: row => row.measure },
    { title: 'Rate', number: true, text: row => percent(row.rate) },
    { title: 'At least', number: true, text: row => percent(row.lower_bound) },
    { title: 'Allowed', number: true, text: row => percent(row.allowed) },
    { title: 'Since (UTC)', text: row => minute(row.raised_at) },
  ], 'No vendor is over what its agreement allows.');
  say(alerts.note, 'lower bound over what is allowed');
  alerts.root.append(alertTable.root);

  const documents = panel('documents', 'Chargebacks');
  const documentTable = new Table<ChargebackRow>('chargebacks', 'The newest chargebacks and corrections', [
    { title: 'Document', text: row => element('code', '', row.document_id) },
    { title: 'Kind', text: row => row.kind },
    { title: 'Program', text: row => row.program },
    { title: 'Vendor', text: row => `${row.vendor} #${row.sequence}` },
    { title: 'Window (UTC)', text: row => `${day(row.window_start_at)} to ${day(row.window_end_at)}` },
    { title: 'Units', number: true, text: row => count(row.units) },
    { title: 'Defective', number: true, text: row => count(row.defects) },
    { title: 'Charged for', text: row => row.line_kinds.map((kind, i) => `${words(kind)} ${money(row.line_amounts[i] ?? null)}`).join(', ') },
    { title: 'Total', number: true, text: row => `${money(row.total)} ${row.currency}` },
    { title: 'Disputable until', text: row => day(row.dispute_until) },
    { title: 'Content hash', text: row => { const hash = element('code', '', row.content_hash.slice(0, 12)); hash.title = row.content_hash; return hash; } },
  ], 'No document has been issued yet.');
  documents.root.append(documentTable.root);

  main.classList.add('vendors');
  main.append(tiles, rates.root, alerts.root, documents.root);

  follow<VendorFigures>('vendors', figures => {
    measured.show(count(new Set(figures.vendor_rates.map(row => `${row.program}|${row.vendor}`)).size), `${count(new Set(figures.vendor_rates.map(row => `${row.program}|${row.vendor}|${row.agreement_id}`)).size)} agreements`);
    const alarmed = figures.vendor_alerts.length;
    open.show(count(alarmed), alarmed === 0 ? 'all within what is allowed' : 'over what is allowed', alarmed === 0 ? '' : 'bad');
    issued.show(count(figures.charged.reduce((sum, row) => sum + row.documents, 0)), 'chargebacks and corrections');
    for (const row of figures.charged) {
      let tile = charged.get(row.currency);
      if (!tile) {
        tile = new Tile(`charged_${row.currency}`, `Charged, ${row.currency}`);
        charged.set(row.currency, tile);
        tiles.append(tile.root);
      }
      tile.show(money(row.charged), `${count(row.documents)} documents`);
    }

    const limits = new Map(figures.agreements.map(agreement => [agreement.id, agreement]));
    const rows = figures.vendor_rates.map(row => ({
      ...row,
      open: row.kind === 'rate' && figures.vendor_alerts.some(a => a.program === row.program && a.vendor === row.vendor && a.agreement === row.agreement),
      allowed: limits.get(row.agreement_id)?.allowed_units ?? null,
      allowed_value: limits.get(row.agreement_id)?.allowed_value ?? null,
    }));
    rateTable.show(rows);
    const several = new Set(rows.map(row => row.program)).size > 1;
    const drawn = rows.filter(row => row.rate_units !== null).sort((a, b) => (b.rate_units ?? 0) - (a.rate_units ?? 0)).slice(0, mostDrawn);
    rateChart.root.style.height = `${2.5 + 1.7 * Math.max(drawn.length, 1)}rem`;
    rateChart.root.hidden = drawn.length === 0;
    rateChart.show(drawn.map(row => ({
      name: `${row.vendor}${several ? ` ${row.program}` : ''}, ${windowNames[row.kind]}`, rate: row.rate_units ?? 0, lower: row.lower_bound ?? 0, upper: row.upper_bound ?? 0, allowed: row.allowed, open: row.open,
      detail: `${count(row.defects)} of ${count(row.units)} units, ${percent(row.rate_units)}\n95% interval ${percent(row.lower_bound)} to ${percent(row.upper_bound)}${row.allowed === null ? '' : `\nallowed ${percent(row.allowed)}`}`,
    })), `Defect rates in ${rows.length} windows; ${alarmed} alerts are open.`);
    alertTable.show(figures.vendor_alerts);
    say(documents.note, figures.chargebacks.length === 0 ? '' : `the newest ${count(figures.chargebacks.length)}; with units and evidence: returns chargebacks show ID`);
    documentTable.show(figures.chargebacks);
  });
}

function mark(text: string, bad: boolean): HTMLElement {
  return element('span', bad ? 'mark' : '', text || none);
}
