// Draws the charts of the page; `charts` and `uPlot` are there before it.
(() => {
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const height = 210;
  const smallest = 1e-3;
  let drawn = [];

  function draw() {
    for (const plot of drawn) plot.destroy();
    drawn = [...document.querySelectorAll('[data-chart]')].map((place) => {
      const { score, alarm, at, threshold, faultFrom } = charts[Number(place.dataset.chart)];
      const values = score.map((one) => Math.max(smallest, one));
      const grid = { stroke: colour('--line'), width: 1 };
      const axis = { stroke: colour('--muted'), grid, ticks: grid, font: '11px system-ui, sans-serif' };
      return new uPlot(
        {
          width: place.clientWidth,
          height,
          legend: { show: true, live: true },
          scales: { x: { time: false }, y: { distr: 3 } },
          axes: [
            { ...axis, size: 34 },
            { ...axis, size: 44, values: (plot, splits) => splits.map((one) => (one === null ? '' : String(one))) },
          ],
          series: [
            { label: 'window', value: (plot, index) => (index === null ? '' : (at[index] || '').replace('T', ' ').slice(0, 19)) },
            {
              label: 'score',
              stroke: colour('--accent'),
              width: 1.5,
              points: { show: false },
              value: (plot, one) => (one === null ? '' : one.toPrecision(3)),
            },
            {
              label: 'alarm',
              stroke: colour('--bad'),
              width: 0,
              paths: () => null,
              points: { show: true, size: 5, fill: colour('--bad') },
              value: (plot, one) => (one === null ? '' : 'yes'),
            },
            {
              label: 'threshold',
              stroke: colour('--text'),
              width: 1,
              dash: [6, 4],
              points: { show: false },
              value: (plot, one) => (one === null ? '' : one.toPrecision(3)),
            },
          ],
          hooks: {
            drawClear: [
              (plot) => {
                const from = plot.valToPos(faultFrom - 0.5, 'x', true);
                if (faultFrom >= values.length) return;
                plot.ctx.fillStyle = colour('--fault');
                plot.ctx.fillRect(from, plot.bbox.top, plot.bbox.left + plot.bbox.width - from, plot.bbox.height);
              },
            ],
          },
        },
        [
          values.map((_, index) => index),
          values,
          values.map((one, index) => (alarm[index] ? one : null)),
          values.map(() => Math.max(smallest, threshold)),
        ],
        place,
      );
    });
  }

  let pending;
  const soon = () => {
    clearTimeout(pending);
    pending = setTimeout(draw, 100);
  };
  draw();
  const first = document.querySelector('[data-chart]');
  let width = first ? first.clientWidth : 0;
  if (first)
    new ResizeObserver(() => {
      if (first.clientWidth === width) return;
      width = first.clientWidth;
      soon();
    }).observe(first);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', soon);
})();
