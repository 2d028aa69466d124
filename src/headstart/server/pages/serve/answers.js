// Shows one model's answer: what it says, how sure it may be, and what it learned from that is most alike.
const FIRST = 5; // probabilities that are shown at once
const CUT = 200; // letters that are kept of a text
const ENOUGH = 10; // held-out rows that say something of a confidence

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) { made.setAttribute(key, value); }
  made.append(...children);
  return made;
}

const percent = (share) => `${(100 * share).toFixed(share > 0 && share < 0.01 ? 2 : share > 0.99 && share < 1 ? 2 : 1)} %`;
const percents = (share) => `${Math.round(100 * share)} %`;

export function answerCard(answer, models, many, picture) {
  const [row] = answer.predictions || [{ error: answer.error }];
  const model = models.find((one) => one.name === answer.model);
  const card = element("article", { class: "card" });
  if (many && model) { card.append(element("h2", {}, model.name)); }
  if (row.error) {
    card.append(element("p", { class: "bad", role: "alert" }, row.error));
    return card;
  }
  card.append(...(row.values ? numbers(row) : shares(row, model)));
  for (const note of row.notes || []) { card.append(element("p", { class: "soft" }, note)); }
  if (row.neighbours?.length) { card.append(...neighbours(row.neighbours, picture)); }
  return card;
}

function numbers(row) {
  const values = Object.entries(row.values);
  const written = (value) => Number(value.toPrecision(6)).toLocaleString("en", { maximumSignificantDigits: 6 });
  return values.map(([name, value]) => element("p", { class: "said" }, values.length > 1 ? `${name}: ${written(value)}` : written(value)));
}

function shares(row, model) {
  const pairs = Object.entries(row.probabilities).sort((a, b) => b[1] - a[1]);
  const said = row.tags ? row.tags.join(", ") || "no tag" : row.label;
  const parts = [element("p", { class: "said" }, said)];
  if (row.label !== undefined) { parts.push(element("p", {}, ruled(row, model.decision) || sureness(row.probability, model.calibration))); }
  parts.push(bars(pairs.slice(0, FIRST)));
  if (pairs.length > FIRST) {
    parts.push(element("details", {}, element("summary", {}, `All ${pairs.length}`), bars(pairs)));
  }
  return parts;
}

// Where the most probable class is not what is said: the rule by which that is so.
function ruled(row, rule) {
  const most = Math.max(...Object.values(row.probabilities));
  if (!(row.label in row.probabilities)) {
    return `The most probable class has ${percent(most)}; this model names one from ${percent(rule.abstain)} on.`;
  }
  if (row.probability === most) { return ""; }
  return `The model gives it ${percent(row.probability)}. By its threshold it says ${rule.positive} from ${percent(rule.threshold)} on, and else the other class.`;
}

// How often answers of this confidence were right on held-out rows.
function sureness(probability, bins) {
  const start = `The model gives it ${percent(probability)}.`;
  const all = bins.reduce((sum, bin) => sum + bin.rows, 0);
  if (all < ENOUGH) { return `${start} How often such answers are right was not measured.`; }
  const near = [...bins].sort((a, b) => Math.abs(a.confidence - probability) - Math.abs(b.confidence - probability));
  const taken = [];
  let rows = 0;
  while (rows < ENOUGH && near.length) {
    taken.push(near.shift());
    rows += taken.at(-1).rows;
  }
  const right = Math.round(taken.reduce((sum, bin) => sum + bin.rows * bin.accuracy, 0));
  const [low, high] = [Math.min(...taken.map((bin) => bin.confidence)), Math.max(...taken.map((bin) => bin.confidence))];
  const about = percents(low) === percents(high) ? `about ${percents(low)}` : `${percents(low)} to ${percents(high)}`;
  return `${start} Of the ${rows} held-out rows that got an answer with ${about}, ${right} were right.`;
}

function bars(pairs) {
  return element("ul", { class: "bars", "aria-label": "Probabilities" }, ...pairs.map(([name, share]) => {
    const bar = element("i", { "aria-hidden": "true" });
    bar.style.setProperty("--share", `${100 * share}%`);
    return element("li", {}, element("span", {}, name), element("span", {}, percent(share)), bar);
  }));
}

function neighbours(found, picture) {
  const rows = found.map((one) => {
    const row = element("li");
    if (one.picture) {
      const image = element("img", { alt: `Training example ${one.name}` });
      row.append(image);
      picture(one.picture, image);
    }
    row.append(element("b", {}, one.label));
    if (one.text) { row.append(element("span", {}, `“${one.text}${one.text.length < CUT ? "" : "…"}” `)); }
    row.append(element("span", { class: "soft" }, `${one.text ? "" : `${one.name}, `}similarity ${one.similarity.toFixed(2)}`));
    return row;
  });
  return [element("h3", {}, "Most alike of what it learned from"), element("ul", { class: "near" }, ...rows)];
}
