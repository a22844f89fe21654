import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components';
import { type EChartsCoreOption, type EChartsType, init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { element, say } from './dom';

use([BarChart, CustomChart, LineChart, GridComponent, LegendComponent, TooltipComponent, SVGRenderer]);

/** What a chart takes from the style sheet. */
export interface Ink {
  text: string;
  muted: string;
  line: string;
  panel: string;
  accent: string;
  bad: string;
  size: number;
  series: (name: string) => string;
}

function ink(): Ink {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  return {
    text: colour('ink'), muted: colour('muted'), line: colour('line'), panel: colour('panel'), accent: colour('accent'), bad: colour('bad'),
    size: parseFloat(style.fontSize) * 0.8,
    series: name => colour(`series-${name}`) || colour('muted'),
  };
}

const still = matchMedia('(prefers-reduced-motion: reduce)');
const all = new Set<Chart<never>>();

/** A chart, drawn anew when its figures, its size or the theme change. A screen reader is told its summary; its figures are in a table beside it. */
export class Chart<Data> {
  readonly root = element('div', 'chart');
  private readonly summary = element('p', 'visually-hidden');
  private readonly place = element('div', 'drawing');
  private chart: EChartsType | undefined;
  private data: Data | undefined;

  constructor(private readonly draw: (data: Data, ink: Ink, width: number) => EChartsCoreOption) {
    this.place.setAttribute('aria-hidden', 'true');
    this.root.append(this.summary, this.place);
    new ResizeObserver(() => this.redraw(true)).observe(this.place);
    all.add(this as unknown as Chart<never>);
  }

  show(data: Data, summary: string): void {
    say(this.summary, summary);
    if (this.data !== undefined && JSON.stringify(data) === JSON.stringify(this.data)) return;
    this.data = data;
    this.redraw(false);
  }

  redraw(all: boolean): void {
    const width = this.place.clientWidth;
    if (this.data === undefined || width === 0 || this.place.clientHeight === 0) return;
    this.chart ??= init(this.place, null, { renderer: 'svg' });
    if (all) this.chart.resize();
    const pen = ink();
    this.chart.setOption({
      animation: !still.matches && !all,
      animationDuration: 300,
      animationDurationUpdate: 300,
      textStyle: { fontFamily: 'Inter Variable, system-ui, sans-serif', fontSize: pen.size, color: pen.text },
      ...this.draw(this.data, pen, width),
    }, { notMerge: all, replaceMerge: ['series'] });
  }
}

/** Draws every chart anew: the theme has changed. */
export function redrawAll(): void {
  for (const chart of all) chart.redraw(true);
}

export const axis = (pen: Ink) => ({
  axisLine: { lineStyle: { color: pen.line } },
  axisTick: { show: false },
  axisLabel: { color: pen.muted, fontSize: pen.size },
  splitLine: { lineStyle: { color: pen.line } },
});

/** A tooltip that is drawn, not written as markup: it shows names from events. */
export const tooltip = (pen: Ink) => ({
  renderMode: 'richText' as const,
  backgroundColor: pen.panel,
  borderColor: pen.muted,
  borderWidth: 1,
  padding: [6, 10],
  textStyle: { color: pen.text, fontSize: pen.size },
  confine: true,
});

export const legend = (pen: Ink) => ({
  type: 'plain' as const,
  top: 0,
  left: 0,
  itemWidth: pen.size,
  itemHeight: pen.size,
  itemGap: pen.size,
  icon: 'rect',
  textStyle: { color: pen.text, fontSize: pen.size },
  inactiveColor: pen.line,
});
