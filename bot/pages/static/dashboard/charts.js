// Draws the charts of the dashboard with ECharts in the page's own colours; the tables beside them say the same.
import { echarts } from "/static/vendor/echarts/index.js";

const drawn = new Map();

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function frame() {
  const muted = colour("--muted");
  return {
    textStyle: { fontFamily: "inherit", color: muted },
    animation: !matchMedia("(prefers-reduced-motion: reduce)").matches,
    grid: { left: 48, right: 16, top: 40, bottom: 32 },
    legend: { top: 0, left: 0, itemWidth: 12, itemHeight: 12, textStyle: { color: muted } },
    tooltip: { trigger: "axis", confine: true, renderMode: "richText" },
  };
}

function axes(names) {
  const line = { lineStyle: { color: colour("--line") } };
  return {
    xAxis: { type: "category", data: names, axisLine: line, axisTick: { show: false } },
    yAxis: { type: "value", minInterval: 1, splitLine: line },
  };
}

function mixed(name, share) {
  return `color-mix(in srgb, ${colour(name)} ${share}%, ${colour("--surface")})`;
}

// Canvas does not know color-mix: the browser resolves it on an element first.
function resolved(css) {
  const probe = document.createElement("span");
  probe.style.color = css;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  const parts = found.match(/^color\(srgb ([\d.]+) ([\d.]+) ([\d.]+)/);
  return parts ? `rgb(${parts.slice(1).map((one) => Math.round(one * 255)).join(",")})` : found;
}

const COLOURS = {
  answered: () => resolved(colour("--accent")),
  clarify: () => resolved(mixed("--accent", 65)),
  refused: () => resolved(colour("--warn")),
  handover: () => resolved(mixed("--accent", 40)),
  ticket: () => resolved(mixed("--warn", 50)),
  other: () => resolved(colour("--line")),
};

const CHARTS = {
  messages: ({ days, series }) => ({
    ...frame(),
    ...axes(days),
    series: series.map(({ key, name, values }) => ({
      name, type: "bar", stack: "all", data: values, barMaxWidth: 32, itemStyle: { color: COLOURS[key]() },
    })),
  }),
  hours: ({ hours, median, p90 }) => ({
    ...frame(),
    ...axes(hours.map((hour) => `${hour}点`)),
    series: [
      { name: "中位数（毫秒）", type: "line", data: median, itemStyle: { color: COLOURS.answered() } },
      { name: "90%（毫秒）", type: "line", data: p90, itemStyle: { color: COLOURS.refused() } },
    ],
  }),
};

function draw(element) {
  const chart = drawn.get(element) ?? echarts.init(element);
  drawn.set(element, chart);
  chart.setOption(CHARTS[element.dataset.chart](JSON.parse(element.dataset.figures)), true);
}

function drawAll() {
  document.querySelectorAll("[data-chart]").forEach(draw);
}

drawAll();
new ResizeObserver(() => drawn.forEach((chart) => chart.resize())).observe(document.body);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
addEventListener("beforeprint", () => drawn.forEach((chart) => chart.resize({ width: 680 })));
addEventListener("afterprint", () => drawn.forEach((chart) => chart.resize({ width: "auto" })));
