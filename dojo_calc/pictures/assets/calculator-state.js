// What a reader chose and typed, what follows from it, and how it is kept: in the address, a scenario, a table.
(() => {
  "use strict";
  globalThis.dojoState = (data, models) => {
    const engine = globalThis.dojoEngine, numbers = globalThis.dojoNumbers(data);
    const questionOf = (state) => data.questions.find((one) => one.id === state.question);
    const domainOf = (name) => { const { low, high, above, below } = data.names[name]; return { low, high, above, below }; };

    function fresh(id = data.questions[0].id) {
      const first = (lists) => Object.fromEntries(Object.entries(lists).map(([at, choices]) => [at, choices[0][0]]));
      const question = data.questions.find((one) => one.id === id);
      return { question: id, picks: first(data.picks), presets: first(data.presets), own: {}, answer: question.answer, wanted: {} };
    }
    // What a page begins with: its own first state, where it has one.
    function start(id = "") {
      const first = data.begin ? decode(data.begin).state : fresh();
      return !id || first.question === id ? first : fresh(id);
    }
    // Whether a reader's own numbers make of a choice, such as a chip, something else than it is called.
    function altered(state, at) {
      if (data.presets[at]) return Object.keys(preset(state, at)[3]).some((name) => state.own[name] && data.names[name].group === "the run");
      return at === "chip" && Object.keys(state.own).some((name) => data.names[name]?.group === "the chip and its server");
    }
    // What differs from the state that a page begins with.
    function changes(state) {
      const first = start(state.question), differing = (a, b) => [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name])).length;
      return differing(state.own, first.own) + differing(state.wanted, first.wanted);
    }
    const combination = (state) => data.combinations[Object.keys(data.picks).map((pick) => state.picks[pick]).join("|")];
    const preset = (state, at) => data.presets[at].find(([key]) => key === state.presets[at]);
    // A question that does not speak of a preset, such as one without a model, is asked of what ships.
    const presetsOf = (state) => Object.keys(data.presets).filter((at) => questionOf(state).sentence.includes(`{${at}}`));
    function layoutsOf(state) {
      if (!presetsOf(state).length) return [];
      const chosen = [...Object.keys(data.presets).map((at) => state.presets[at]), ...Object.keys(data.picks).map((pick) => state.picks[pick])];
      while (chosen.length && !data.layouts[chosen.join("|")]) chosen.pop();
      return data.layouts[chosen.join("|")] ?? [];
    }

    // Distribution of an input as it ships: handed over, or by the rule of two halves; one object each, by which draws are kept.
    const shipped = new Map();
    function distributionOf(name, domain, entry) {
      if (entry.d) return entry.d;
      if (!shipped.has(name)) shipped.set(name, new Map());
      const own = shipped.get(name);
      if (!own.has(entry)) own.set(entry, engine.split(domain, entry.v, entry.l, entry.h));
      return own.get(entry);
    }
    function asInput(name, entry, own) {
      const domain = domainOf(name), base = { name, domain, entry, key: entry.fact ?? name, v: entry.v, l: entry.l, h: entry.h, d: distributionOf(name, domain, entry), e: entry.e ?? [entry.l, entry.h], mine: false, reading: "" };
      if (!own) return base;
      if (own.k) return { ...base, mine: true }; // as it ships, whatever a choice or a layout would set
      let found = null;
      if (own.r !== undefined) {
        const row = entry.readings?.find((one) => one[0] === own.r);
        if (!row) return base;
        found = { v: row[1], l: row[2], h: row[3], d: engine.split(domain, row[1], row[2], row[3]), reading: own.r };
      } else if (own.l !== undefined) found = { v: own.v, l: own.l, h: own.h, d: engine.split(domain, own.v, own.l, own.h) };
      else found = engine.moved(domain, entry, own.v);
      return { ...base, ...found, key: own.r === undefined ? name : base.key, e: [found.l, found.h], mine: true };
    }

    // Everything that follows from a state before anything is computed.
    function resolve(state, near = null) {
      const [k, places] = combination(state), variant = data.variants[k], model = models[`v${k}`], set = {};
      const notes = variant.fixed.filter((name) => state.own[name]).map((name) => `${data.names[name].label} stays as it is: a change has to be laid out anew, which takes the library.`);
      for (const at of presetsOf(state)) for (const [name, place] of Object.entries(preset(state, at)[3])) set[name] = [data.pool[place], preset(state, at)[1]];
      let inputs = variant.inputs.map((name, i) => asInput(name, (!state.own[name]?.k && set[name]?.[0]) || data.pool[places[i]], variant.fixed.includes(name) ? null : state.own[name]));
      const rows = layoutsOf(state), at = variant.inputs.indexOf("chips");
      // A layout was searched for a model and a chip as they ship, so it says nothing of what a reader made of them.
      const rests = ["chip_peak", ...presetsOf(state).flatMap((one) => Object.keys(preset(state, one)[3]))], apart = rows.length > 0 && rests.some((name) => state.own[name]);
      let layout = null, lacking = null;
      if (rows.length && at >= 0 && !apart) {
        const count = near ?? inputs[at].v, question = questionOf(state);
        const exact = rows.find((row) => row[0] === count);
        const closest = [...rows].sort((a, b) => Math.abs(Math.log(a[0] / count)) - Math.abs(Math.log(b[0] / count)));
        layout = exact ?? (question.sought ? closest[0] : null);
        if (!layout) lacking = { count, nearest: closest.slice(0, 2).map((row) => row[0]).sort((a, b) => a - b) };
        if (layout) inputs = inputs.map((one) => {
          if (layout[1][one.name] === undefined || one.mine) return one;
          const free = asInput(one.name, data.pool[layout[1][one.name]], null);
          return { ...free, l: free.v, h: free.v, d: null, e: [free.v, free.v], free, layout: layout[2] };
        });
      }
      const problem = { model, inputs, length: variant.inputs.length + variant.steps.length, kinds: variant.conditions.map(([kind]) => kind) };
      return { state, k, variant, inputs, problem, layout, lacking, apart, notes, base: places };
    }
    const place = (now, name) => { const i = now.variant.inputs.indexOf(name); return i >= 0 ? i : now.variant.inputs.length + now.variant.steps.indexOf(name); };
    const known = (now, name) => now.variant.inputs.includes(name) || now.variant.steps.includes(name);
    function upstream(now, names) {
      const found = new Set(), stack = names.map((name) => place(now, name)), first = now.variant.inputs.length;
      while (stack.length) {
        const i = stack.pop();
        if (found.has(i)) continue;
        found.add(i);
        if (i >= first) stack.push(...now.variant.from[i - first]);
      }
      return found;
    }
    // What an output is drawn from: what a layout's interval says counts where no input that holds it is behind.
    function problemOf(now, name) {
      const from = now.seek?.input === place(now, name) ? questionOf(now.state).sought : name;
      if (!now.layout || upstream(now, [from]).has(now.variant.inputs.indexOf(now.layout[3]))) return now.problem;
      return { ...now.problem, inputs: now.problem.inputs.map((one) => one.free ?? one) };
    }
    // What comes in lots is bought in whole ones: as many as suffice, or as fit; what computing may err is none.
    function whole(now, exact) {
      const { whole: way, lot } = questionOf(now.state), size = lot ? now.inputs[place(now, lot)].v ?? 1 : 1, count = exact / size, near = Math.round(count);
      if (!way || !Number.isFinite(exact)) return exact;
      return size * (Math.abs(count - near) <= Math.abs(near) * 2 ** -46 ? near : way === "up" ? Math.ceil(count) : Math.floor(count));
    }
    // What a question seeks: the input, the output that is stated, and as what.
    function sought(now) {
      const question = questionOf(now.state);
      if (!question.sought || !known(now, question.sought)) return null;
      const wanted = now.state.wanted[question.sought] ?? first(now, question.sought);
      return { input: place(now, question.answer), output: place(now, question.sought), wanted };
    }
    const ROUND = { fleet_capital: 5e8, fleet_site_power_rated: 1.5e8, billed: 90 * 86400, peak_rate: 1e20 };
    function first(now, name) {
      if (ROUND[name] !== undefined) return ROUND[name];
      const values = engine.start(now.problem);
      now.problem.model.run(values);
      return values[place(now, name)];
    }

    // Values where an input is as given, by name.
    function valuesWith(now, name, x) {
      const values = engine.start(now.problem);
      values[place(now, name)] = x;
      now.problem.model.run(values);
      return (output) => values[place(now, output)];
    }

    // The point: every value at the best guesses.
    function compute(state) {
      let now = resolve(state), seek = sought(now);
      const run = () => {
        const values = engine.start(now.problem);
        if (seek) values[seek.input] = engine.nearby(now.problem, values, seek);
        now.problem.model.run(values);
        return values;
      };
      let values = run();
      if (seek && layoutsOf(state).length) { // laid out anew for the count that comes out
        for (let again = 0; again < layoutsOf(state).length && values[seek.input] > 0; again++) {
          const [last, of] = [now, values];
          now = resolve(state, values[seek.input]);
          seek = sought(now);
          if (now.layout?.[0] === last.layout?.[0]) break;
          values = run();
          if (values[seek.input] > 0) continue;
          [now, values] = [{ ...last, most: last.layout?.[0] }, of]; // so many wait too long for each other
          break;
        }
      }
      if (seek) { // all else is told of the whole lots that answer
        const count = whole(now, values[seek.input]), fixed = { v: count, l: count, h: count, d: null, e: [count, count] };
        const inputs = now.inputs.map((one, i) => (i === seek.input ? { ...one, ...fixed } : one));
        now = { ...now, inputs, exact: values[seek.input], problem: { ...now.problem, inputs } };
        values = engine.start(now.problem);
        now.problem.model.run(values);
      }
      const broken = engine.broken(now.problem, values).map((kind, i) => kind && { kind, says: now.variant.conditions[i][1], names: now.variant.conditions[i][2] }).filter(Boolean);
      const unset = now.inputs.filter((one) => one.v === null && upstream(now, [state.answer]).has(place(now, one.name)));
      return { ...now, seek, values, broken, unset, of: (name) => (known(now, name) ? values[place(now, name)] : NaN) };
    }

    // --- The address
    const write = (x) => String(x);
    function encode(state) {
      const base = fresh(state.question), out = new URLSearchParams();
      out.set("ask", state.question);
      for (const [at, key] of Object.entries(state.picks)) if (key !== base.picks[at]) out.set(`pick.${at}`, key);
      for (const [at, key] of Object.entries(state.presets)) if (key !== base.presets[at]) out.set(`pick.${at}`, key);
      for (const [name, own] of Object.entries(state.own)) out.set(name, own.k ? "~" : own.r !== undefined ? `@${own.r}` : own.l === undefined ? write(own.v) : [own.v, own.l, own.h].map(write).join("~"));
      for (const [name, x] of Object.entries(state.wanted)) out.set(`wanted.${name}`, write(x));
      if (state.answer !== base.answer) out.set("answer", state.answer);
      return out.toString();
    }
    function decode(text) {
      const given = new URLSearchParams(text), notes = [], id = given.get("ask") ?? data.questions[0].id;
      if (!data.questions.some((one) => one.id === id)) return { state: fresh(), notes: [`This address asks “${id}”, which this version does not know; here is the first question instead.`] };
      const state = fresh(id), strange = [];
      for (const [name, value] of given) {
        const [kind, at] = name.split(/\.(.*)/s), lists = { ...data.picks, ...data.presets };
        if (name === "ask") continue;
        if (kind === "pick" && lists[at]) {
          if (lists[at].some(([key]) => key === value)) (data.picks[at] ? state.picks : state.presets)[at] = value;
          else strange.push(value);
        } else if (kind === "wanted" && data.names[at] && Number.isFinite(Number(value))) state.wanted[at] = Number(value);
        else if (name === "answer" && data.names[value]) state.answer = value;
        else if (data.names[name] && value === "~") state.own[name] = { k: true };
        else if (data.names[name] && value.startsWith("@")) state.own[name] = { r: value.slice(1) };
        else if (data.names[name] && value.split("~").every((x) => x !== "" && Number.isFinite(Number(x)))) {
          const [v, l, h] = value.split("~").map(Number), domain = data.names[name];
          const inside = [v, l ?? v, h ?? v].every((x) => x >= (domain.low ?? -Infinity) && x <= (domain.high ?? Infinity)) && (l === undefined || (h !== undefined && l <= v && v <= h));
          if (inside) state.own[name] = l === undefined ? { v } : { v, l, h };
          else strange.push(`${name}=${value}`);
        } else strange.push(name);
      }
      if (strange.length) notes.push(`This address names what this version does not know or take: ${strange.join(", ")}. Everything else was read.`);
      return { state, notes };
    }

    // --- Downloads that the library reads
    // What is told, and what was sought, which says on what the answer rests.
    function toldOf(now) {
      const { outputs, sought: stated } = questionOf(now.state);
      return [...new Set([...outputs, stated])].filter((name) => name && known(now, name) && Number.isFinite(now.of(name)));
    }
    function overrides(now) {
      const told = toldOf(now);
      const needed = upstream(now, told), found = [];
      now.inputs.forEach((one, i) => {
        const shipped = data.pool[now.base[i]];
        const v = now.seek?.input === i ? now.values[i] : one.v;
        if (!needed.has(i) || v === null) return;
        const own = now.seek?.input === i ? { v, l: v, h: v } : one;
        if (own.v !== shipped.v || own.l !== shipped.l || own.h !== shipped.h) found.push([one.name, own, one.reading ? `${one.entry.fact}[${one.reading}]` : null]);
      });
      return { told, found };
    }
    const float = (x) => (Number.isInteger(x) && !String(x).includes("e") ? `${x}.0` : String(x));
    function toml(now, address) {
      const { told, found } = overrides(now), quoted = JSON.stringify;
      const lines = [`# ${address}`, `model = ${quoted(data.model)}`, `outputs = [${told.map(quoted).join(", ")}]`];
      const options = Object.entries(now.state.picks).filter(([, key]) => key !== "");
      if (options.length) lines.push("", "[options]", ...options.map(([at, key]) => `${at} = ${quoted(key)}`));
      if (found.length) lines.push("", "[inputs]");
      for (const [name, one, fact] of found) lines.push(`${name} = ${fact ? quoted(fact) : one.l === one.h ? float(one.v) : `[${[one.v, one.l, one.h].map(float).join(", ")}]`} # ${data.names[name].label}, ${numbers.say(name, one.v)}`);
      return `${lines.join("\n")}\n`;
    }
    function csv(now, intervals) {
      const cell = (x) => (/[",\n]/.test(String(x)) ? `"${String(x).replaceAll('"', '""')}"` : String(x ?? ""));
      const outputs = toldOf(now), needed = upstream(now, outputs);
      const rows = [["what", "name", "label", "value", "low", "high", "unit", "source"], ["model", data.model, "", data.model, "", "", "", ""]];
      for (const [at, key] of Object.entries(now.state.picks)) rows.push(["option", at, "", key, "", "", "", ""]);
      now.inputs.forEach((one, i) => {
        if (needed.has(i)) rows.push(["input", one.name, data.names[one.name].label, one.v, one.l, one.h, data.names[one.name].unit, now.seek?.input === i ? "solved for" : one.mine ? "yours" : one.layout ?? one.entry.said]);
      });
      for (const name of outputs) rows.push(["output", name, data.names[name].label, now.of(name), intervals?.[name]?.q05, intervals?.[name]?.q95, data.names[name].unit, ""]);
      return `${rows.map((row) => row.map(cell).join(",")).join("\n")}\n`;
    }

    // --- Two states: the difference of an output, told apart by what was changed.
    function difference(before, after, name) {
      const [a, b] = [compute(before), compute(after)], [from, to] = [a.of(name), b.of(name)];
      const found = { from, to, parts: [], reason: "" };
      if (!Number.isFinite(from) || !Number.isFinite(to)) return { ...found, reason: "One of the two has no answer." };
      if (a.k !== b.k) return { ...found, reason: "The two are computed by different steps, so the difference has no parts." };
      const values = (now) => now.inputs.map((one, i) => (now.seek?.input === i ? now.values[i] : one.v));
      const named = (lists, from, to_) => Object.keys(lists).filter((at) => from[at] !== to_[at]).map((at) => lists[at].find(([key]) => key === to_[at])[1]);
      const chosen = [...named(data.picks, before.picks, after.picks), ...named(data.presets, before.presets, after.presets)].join(", ");
      const [x, y] = [values(a), values(b)], needed = upstream(a, [name]), groups = new Map();
      x.forEach((v, i) => {
        if (Object.is(v, y[i]) || !needed.has(i)) return;
        const one = a.inputs[i], mine = b.inputs[i].mine || one.mine || a.seek?.input === i;
        const title = mine ? data.names[one.name].label : b.inputs[i].layout || one.layout ? "How the chips are laid out" : chosen || data.names[one.name].label;
        groups.set(title, [...(groups.get(title) ?? []), i]);
      });
      if (groups.size > 12) return { ...found, reason: `${groups.size} things differ, more than can be told apart.` };
      const members = [...groups.values()], row = new Float64Array(a.problem.length);
      const outcome = (mask) => {
        x.forEach((v, i) => (row[i] = v));
        members.forEach((own, g) => { if (mask & (1 << g)) for (const i of own) row[i] = y[i]; });
        a.problem.model.run(row);
        return row[place(a, name)];
      };
      const amounts = engine.shares(members.length, outcome);
      found.parts = [...groups.keys()].map((title, g) => ({ title, amount: amounts[g] })).sort((p, q) => Math.abs(q.amount) - Math.abs(p.amount));
      return found;
    }

    return { numbers, whole, fresh, start, changes, altered, valuesWith, resolve, compute, place, known, upstream, encode, decode, toml, csv, difference, problemOf, questionOf, layoutsOf, preset };
  };
})();
