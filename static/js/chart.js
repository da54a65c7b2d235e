// The tip over a bar of a stacked chart; its figures are also in the table below the chart.

const line = (tag, className, text) => Object.assign(document.createElement(tag), { className, textContent: text });

function fill(tip, bar, names) {
  const values = bar.dataset.values.split("|");
  const rows = values.map((value, index) => {
    const row = document.createElement("span");
    row.append(line("i", `k s${index}`, ""), `${names[index]} `, line("em", "", value));
    return row;
  });
  tip.replaceChildren(line("b", "", `${bar.dataset.day}  ${bar.dataset.total}`), ...rows.reverse());
}

function place(tip, bar) {
  const plot = tip.parentElement.getBoundingClientRect();
  const box = bar.getBoundingClientRect();
  const right = box.right - plot.left + 8;
  const left = right + tip.offsetWidth > plot.width ? box.left - plot.left - tip.offsetWidth - 8 : right;
  tip.style.transform = `translate(${Math.max(0, left)}px, 8px)`; // script may set styles under style-src 'self'
}

document.addEventListener("pointermove", (event) => {
  for (const chart of document.querySelectorAll("[data-chart]")) {
    const bar = event.target.closest?.(".bar");
    const tip = chart.querySelector(".chart-tip");
    tip.hidden = !bar || !chart.contains(bar);
    if (tip.hidden) continue;
    fill(tip, bar, chart.dataset.chart.split("|"));
    place(tip, bar);
  }
});
