// What can be asked of a model that is written as JavaScript: draws, tornado, solving, comparing. No page is needed.
(() => {
  "use strict";
  const Z95 = 1.6448536269514722; // the standard normal distribution stays below it 95 times in 100
  const REPLICATES = 8; // independent shifts of the points
  const BITS = 30;

  // M. J. Wichura, "Algorithm AS 241: The percentage points of the normal distribution", Applied Statistics 37 (1988).
  function normal(p) {
    const q = p - 0.5;
    if (Math.abs(q) <= 0.425) {
      const r = 0.180625 - q * q;
      return (q * (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608))
        / (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r + 5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1);
    }
    let r = Math.sqrt(-Math.log(q < 0 ? p : 1 - p)), found;
    if (r <= 5) {
      r -= 1.6;
      found = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r + 3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734)
        / (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r + 0.68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1);
    } else {
      r -= 5;
      found = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r + 0.29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772)
        / (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r + 0.0148753612908506148525) * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1);
    }
    return q < 0 ? -found : found;
  }

  // --- Distributions: parameters come from the library; what a reader types follows its rule of two halves.
  const scaleOf = (domain, low, high) => {
    const bottom = domain.low ?? -Infinity, top = domain.high ?? Infinity;
    if (bottom === 0 && top === 1 && low > 0 && high < 1) return "logit";
    return Number.isFinite(bottom) && top === Infinity && low > bottom ? "log" : "linear";
  };
  const to = (scale, bottom, x) => (scale === "log" ? Math.log(x - bottom) : scale === "logit" ? Math.log(x / (1 - x)) : x);
  function back(scale, domain, x) {
    if (scale === "log") return Math.exp(x) + domain.low;
    if (scale === "logit") return 1 / (1 + Math.exp(-x));
    return Math.min(Math.max(x, domain.low ?? -Infinity), domain.high ?? Infinity);
  }
  // Distribution of (value, low, high), as the library makes it; null for a constant.
  function split(domain, value, low, high) {
    if (low === high) return null;
    const scale = scaleOf(domain, low, high), [a, m, b] = [low, value, high].map((x) => to(scale, domain.low, x));
    return ["split", scale, m, (m - a) / Z95, (b - m) / Z95];
  }
  // The same uncertainty around another value: a number says where, not how sure.
  function moved(domain, entry, value) {
    if (entry.l === entry.h || entry.l === null) return { v: value, l: value, h: value, d: null };
    const kept = split(domain, entry.v, entry.l, entry.h), scale = kept[1], inside = scale === "linear" || value > domain.low;
    if (!inside || (scale === "logit" && value >= 1)) return { v: value, l: value, h: value, d: null };
    const m = to(scale, domain.low, value), low = back(scale, domain, m - kept[3] * Z95), high = back(scale, domain, m + kept[4] * Z95);
    return { v: value, l: Math.min(low, value), h: Math.max(high, value), d: split(domain, value, Math.min(low, value), Math.max(high, value)) };
  }
  // Function from a normal score to a value.
  function at(distribution, domain) {
    if (!distribution) return null;
    if (distribution[0] === "split") {
      const [, scale, median, below, above] = distribution;
      return (z) => back(scale, domain, median + z * (z < 0 ? below : above));
    }
    if (distribution[0] === "uniform") return (z) => distribution[1] + (distribution[2] - distribution[1]) * chance(z);
    const [, least, step, bends] = distribution, values = [], last = bends.length - 1;
    let place = 0, rise = 0; // second differences of values, in steps
    for (const bend of bends) { rise += bend; place += rise; values.push(least + place * step); }
    return (z) => {
      const place = Math.min(Math.max(((z + 4) / 8) * last, 0), last), i = Math.min(Math.floor(place), last - 1);
      return values[i] + (place - i) * (values[i + 1] - values[i]);
    };
  }
  // Probability below a normal score, by its continued inverse: W. J. Cody's error function is not needed to 1e-7.
  function chance(z) {
    const t = 1 / (1 + 0.2316419 * Math.abs(z));
    const tail = 0.3989422804014327 * Math.exp((-z * z) / 2) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
    return z > 0 ? 1 - tail : tail;
  }

  // --- Draws: Sobol' points, each set shifted digit by digit.
  function shifts(seed) {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return (t ^ (t >>> 14)) >>> 2; // 30 bits
    };
  }
  // Columns of normal scores, each drawn once: the first of more dimensions are those of fewer.
  const prepared = new Map();
  function scores(directions, dimension, size) {
    if (!prepared.has(size)) prepared.set(size, { directions, random: shifts(1), columns: [] });
    const own = prepared.get(size);
    if (own.directions !== directions) { prepared.delete(size); return scores(directions, dimension, size); }
    while (own.columns.length < dimension) own.columns.push(drawn(directions[own.columns.length], size, own.random));
    return own.columns;
  }
  function drawn(own, size, random) {
    const column = new Float64Array(REPLICATES * size), unit = 2 ** -BITS, directions = own.map((times, k) => times << (BITS - 1 - k));
    for (let r = 0; r < REPLICATES; r++) {
      const shift = random();
      let x = 0;
      for (let i = 0; i < size; i++) {
        column[r * size + i] = normal(((x ^ shift) + 0.5) * unit);
        x ^= directions[31 - Math.clz32(~i & (i + 1))];
      }
    }
    return column;
  }
  // Values of a distribution at a column of scores; the last ones stay, since a move of one input leaves the others.
  const valued = new WeakMap();
  function valuesAt(distribution, domain, column) {
    const kept = valued.get(distribution);
    if (kept?.column === column && kept.low === domain.low && kept.high === domain.high) return kept.values;
    const values = new Float64Array(column.length);
    if (distribution[0] === "split" && distribution[1] === "log") {
      const [, , median, below, above] = distribution, bottom = domain.low;
      for (let i = 0; i < column.length; i++) { const z = column[i]; values[i] = Math.exp(median + z * (z < 0 ? below : above)) + bottom; }
    } else {
      const value = at(distribution, domain);
      for (let i = 0; i < column.length; i++) values[i] = value(column[i]);
    }
    valued.set(distribution, { column, low: domain.low, high: domain.high, values });
    return values;
  }

  // A problem is {model, inputs: [{v, d, e, key, domain}], length, kinds}. Inputs of one key are one unknown.
  function unknowns(problem, needed) {
    const found = new Map();
    problem.inputs.forEach((one, i) => {
      if (!one.d || !needed.has(i)) return;
      if (!found.has(one.key)) found.set(one.key, []);
      found.get(one.key).push(i);
    });
    return found;
  }
  function start(problem) {
    const values = new Float64Array(problem.length);
    problem.inputs.forEach((one, i) => (values[i] = one.v === null ? NaN : one.v));
    return values;
  }
  function broken(problem, values) {
    return problem.model.excess(values).map((excess, i) => excess > 0 && problem.kinds[i]);
  }
  function isBroken(problem, values) {
    const excess = problem.model.excess(values);
    for (let i = 0; i < excess.length; i++) if (excess[i] > 0 && problem.kinds[i] === "identity") return true;
    return false;
  }

  // Drawn outputs. With `sought`, the answer is the input for which an output comes out as wanted in that draw.
  function* simulation(problem, outputs, needed, directions, samples, sought = null) {
    const size = Math.max(2 ** Math.round(Math.log2(samples / REPLICATES)), 2), count = REPLICATES * size;
    const values = start(problem), group = unknowns(problem, needed), places = [], columns = [], found = outputs.map(() => new Float64Array(count));
    const points = scores(directions, group.size, size);
    [...group.values()].forEach((members, k) => {
      for (const i of members) { places.push(i); columns.push(valuesAt(problem.inputs[i].d, problem.inputs[i].domain, points[k])); }
    });
    let masked = 0;
    for (let from = 0; from < count; from += PART) {
      masked += part(problem, outputs, sought, values, places, columns, found, from, Math.min(from + PART, count));
      yield Math.min(from + PART, count);
    }
    return { found: found.map(summary), masked: masked / count, count };
  }
  const PART = 512; // draws between two looks at the clock
  // Draws of one part, in a function of its own, since a generator is compiled less well; how many break an identity.
  function part(problem, outputs, sought, values, places, columns, found, from, to) {
    const run = problem.model.run, judged = problem.kinds.includes("identity");
    let masked = 0;
    for (let s = from; s < to; s++) {
      for (let k = 0; k < places.length; k++) values[places[k]] = columns[k][s];
      if (sought) {
        values[sought.input] = problem.inputs[sought.input].v;
        values[sought.input] = nearby(problem, values, sought, 1e-7); // and has run, closer than draws tell
      } else run(values);
      const bad = judged && isBroken(problem, values);
      if (bad) masked++;
      for (let j = 0; j < outputs.length; j++) found[j][s] = bad ? NaN : values[outputs[j]];
      if (sought && !bad && !(values[sought.input] > 0)) for (const column of found) column[s] = Infinity; // no number of them is enough
    }
    return masked;
  }
  // Secant in logarithms from where an input is now: outputs in proportion to it take two steps.
  function nearby(problem, values, { input, output, wanted }, close = 1e-12) {
    const f = (x) => ((values[input] = x), problem.model.run(values), Math.log(values[output] / wanted));
    let a = values[input] || 1, fa = f(a), b = a * Math.exp(-fa), fb = f(b);
    for (let step = 0; step < 40 && Math.abs(fb) > close && fa !== fb; step++) {
      const next = Math.log(b) - (fb * (Math.log(b) - Math.log(a))) / (fb - fa);
      [a, fa, b] = [b, fb, Math.exp(Math.min(Math.max(next, Math.log(b) - 5), Math.log(b) + 5))];
      fb = f(b);
    }
    return Math.abs(fb) < 1e-6 ? b : NaN;
  }
  // Hazen's definition, which the library takes: points are the middles of equal cells.
  function quantile(sorted, p) {
    const place = Math.min(Math.max(p * sorted.length - 0.5, 0), sorted.length - 1), i = Math.floor(place);
    const below = sorted[i], above = sorted[i + 1] ?? below;
    return below === above ? below : below + (place - i) * (above - below);
  }
  // The three quantiles by selection: nothing but a histogram asks for the whole order.
  function summary(column) {
    const kept = new Float64Array(column.length);
    let n = 0;
    for (let i = 0; i < column.length; i++) if (column[i] > -Infinity) kept[n++] = column[i]; // neither NaN nor no value at all
    const held = kept.subarray(0, n);
    let whole = null;
    const found = { missing: column.length - n, get sorted() { return (whole ??= held.slice().sort()); } };
    for (const [name, p] of [["q05", 0.05], ["q50", 0.5], ["q95", 0.95]]) {
      const i = Math.floor(Math.min(Math.max(p * n - 0.5, 0), n - 1));
      if (n) { select(held, i, 0, n - 1); if (i + 1 < n) select(held, i + 1, i + 1, n - 1); }
      found[name] = quantile(held, p);
    }
    return found;
  }
  // C. A. R. Hoare, "Algorithm 65: Find", Communications of the ACM 4 (1961): puts the k-th least in its place.
  function select(values, k, low, high) {
    while (low < high) {
      const pivot = values[(low + high) >> 1];
      let i = low, j = high;
      while (i <= j) {
        while (values[i] < pivot) i++;
        while (values[j] > pivot) j--;
        if (i <= j) { const one = values[i]; values[i++] = values[j]; values[j--] = one; }
      }
      if (k <= j) high = j;
      else if (k >= i) low = i;
      else return;
    }
  }

  // --- One at a time
  function tornado(problem, answerOf, needed) {
    const bars = [];
    for (const members of unknowns(problem, needed).values()) {
      const [low, high] = problem.inputs[members[0]].e;
      const [from, to_] = [0, 1].map((end) => {
        const values = start(problem);
        for (const i of members) values[i] = problem.inputs[i].e[end];
        return answerOf(values);
      });
      bars.push({ inputs: members, low, high, from, to: to_, swing: Math.abs(to_ - from) });
    }
    return bars.sort((a, b) => (Number.isNaN(a.swing) ? 1 : Number.isNaN(b.swing) ? -1 : b.swing - a.swing));
  }

  // The least value of an input for which an output is as wanted, over the whole domain, as the library searches it.
  function solve(problem, output, wanted, input, domain) {
    const values = start(problem);
    const f = (x) => ((values[input] = x), problem.model.run(values), values[output] - wanted);
    const bottom = domain.low ?? -Infinity, top = domain.high ?? Infinity, decades = Array.from({ length: 481 }, (_, k) => 10 ** (k / 8 - 30));
    let nodes;
    if (Number.isFinite(bottom) && Number.isFinite(top)) {
      const near = decades.filter((x) => x < 1).map((x) => (top - bottom) * x);
      nodes = [...Array.from({ length: 257 }, (_, k) => bottom + ((top - bottom) * k) / 256), ...near.map((x) => bottom + x), ...near.map((x) => top - x)];
      if (bottom > 0) nodes.push(...Array.from({ length: 257 }, (_, k) => bottom * (top / bottom) ** (k / 256)));
    } else if (Number.isFinite(bottom)) nodes = [bottom, ...decades.map((x) => bottom + x)];
    else nodes = [...decades.map((x) => -x), 0, ...decades];
    nodes = [...new Set(nodes)].filter((x) => x >= bottom && x <= top && !(domain.above && x === bottom) && !(domain.below && x === top)).sort((a, b) => a - b);
    const found = nodes.map(f), reached = found.map((x) => x + wanted).filter(Number.isFinite);
    const range = { least: Math.min(...reached), most: Math.max(...reached) };
    for (let k = 1; k < nodes.length; k++) {
      let [a, b, fa, fb] = [nodes[k - 1], nodes[k], found[k - 1], found[k]];
      if (!(fa * fb <= 0) || fa === fb) continue;
      for (let step = 0; step < 200 && b - a > 1e-16 * Math.abs(b); step++) {
        const m = a > 0 && b / a > 1.5 ? Math.sqrt(a * b) : a + (b - a) / 2, fm = f(m);
        if (m === a || m === b) break;
        if (fa * fm <= 0) [b, fb] = [m, fm];
        else [a, fa] = [m, fm];
      }
      const x = Math.abs(fa) <= Math.abs(fb) ? a : b, gap = Math.abs(f(x)) / Math.max(Math.abs(wanted), 1e-300);
      if (gap < 1) return { x, gap, ...range };
    }
    return { x: null, ...range };
  }

  // Shapley's shares of a difference (1953): each group's effect averaged over every order of changing the groups.
  function shares(count, outcome) {
    const all = Array.from({ length: 2 ** count }, (_, mask) => outcome(mask)), factorial = [1];
    for (let i = 1; i <= count; i++) factorial.push(factorial[i - 1] * i);
    const size = (mask) => mask.toString(2).split("1").length - 1;
    return Array.from({ length: count }, (_, i) =>
      all.reduce((sum, before, mask) => (mask & (1 << i) ? sum : sum + (factorial[size(mask)] * factorial[count - size(mask) - 1] / factorial[count]) * (all[mask | (1 << i)] - before)), 0));
  }

  globalThis.dojoEngine = { normal, split, moved, at, start, broken, isBroken, simulation, nearby, quantile, tornado, solve, shares };
})();
