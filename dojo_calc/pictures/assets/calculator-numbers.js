// Numbers as people write and read them. Units and their spellings come from the library, as data.
(() => {
  "use strict";
  const MAGNITUDES = { thousand: 1e3, k: 1e3, million: 1e6, m: 1e6, mn: 1e6, M: 1e6, billion: 1e9, bn: 1e9, B: 1e9, b: 1e9, trillion: 1e12, tn: 1e12, T: 1e12, t: 1e12, quadrillion: 1e15 };
  const NARROW = "\u202f", NUMBER = String.raw`[-−+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+|\s*[×x*]\s*10\^[-+]?\d+)?`;

  globalThis.dojoNumbers = (data) => {
    const FIXED = { years: [365.25 * 86400, " years", 0, " year"], "USD/h": [1 / 3600, " USD/h", 0, " USD/h"] };
    // The unit to write a value in: [size, text behind a number, from where on, text behind a 1].
    function scale(name, value) {
      const one = data.names[name];
      if (one.shown === "percent") return [0.01, `${NARROW}%`, 0, `${NARROW}%`];
      if (one.shown === "year" || one.shown === "flag") return [1, "", 0, ""];
      if (FIXED[one.shown]) return FIXED[one.shown];
      const size = Math.abs(Number(value.toPrecision(4)));
      if (one.shown === "hours") return size >= 3.6e9 ? [3.6e9, " million hours", 0, " million hours"] : [3600, " hours", 0, " hour"];
      const scales = data.units[one.unit];
      const found = scales.find((each) => size >= each[2]) ?? scales.at(-1);
      const plain = scales.find((each) => each[0] === 1) ?? scales.at(-1);
      return size / found[0] >= 1e-4 && size / found[0] < 1e15 ? found : plain;
    }
    function grouped(x, digits) {
      if (x === 0) return "0";
      const size = Math.abs(Number(x.toPrecision(digits)));
      if (size < 1e-4 || size >= 1e15) {
        const [mantissa, power] = x.toExponential(digits - 1).split("e");
        const raised = String(Number(power)).replace(/[-\d]/g, (one) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(one)]);
        return `${mantissa.replace(/\.?0+$/, "")} × 10${raised}`;
      }
      const decimals = Math.max(0, digits - Math.floor(Math.log10(size)) - 1);
      return Number(x.toFixed(Math.min(decimals, 20))).toLocaleString("en-US", { maximumFractionDigits: Math.min(decimals, 20) });
    }
    const signed = (text) => text.replace(/^-/, "−");
    // Number and unit apart: {number, unit, text}.
    function parts(name, value, digits = 4) {
      if (value === null || value === undefined || Number.isNaN(value)) return { number: "–", unit: "", text: "–" };
      if (!Number.isFinite(value)) return { number: "no end", unit: "", text: "no end" };
      if (data.names[name].shown === "flag") return { number: value ? "yes" : "no", unit: "", text: value ? "yes" : "no" };
      if (data.names[name].shown === "year") return { number: String(Math.round(value)), unit: "", text: String(Math.round(value)) };
      const [size, behind, , one] = scale(name, value), x = value / size;
      const whole = Number.isInteger(x) && Math.abs(x) < 1e9, number = signed(grouped(x, whole ? 9 : digits));
      const unit = number === "1" ? one : behind;
      return { number, unit: unit.trim(), text: number + unit };
    }
    const say = (name, value, digits) => parts(name, value, digits).text;
    // Both ends in one unit, with as many decimals as the width asks for.
    function ends(name, low, high, at = 0) {
      const [size, behind] = scale(name, Number.isFinite(at) && at !== 0 ? at : Math.max(Math.abs(low), Math.abs(high))), width = Math.abs(high - low) / size;
      const most = Math.max(Math.abs(low), Math.abs(high)) / size;
      if (width === 0 || (low > 0 && high / low > 300) || most >= 1e15 || most < 1e-3) return { from: say(name, low, 3), to: say(name, high, 3), behind: "" };
      const power = Math.floor(Math.log10(width / 20)), decimals = Math.min(Math.max(0, -power), 12), step = 10 ** Math.max(power, 0);
      const text = (x) => signed((Math.round(x / size / step) * step && step > 1 ? Math.round(x / size / step) * step : x / size).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }));
      return { from: text(low), to: text(high), behind };
    }
    function range(name, low, high, at = 0) {
      if (!Number.isFinite(low)) return "–";
      if (high === Infinity) return `more than ${say(name, Number(low.toPrecision(3)), 3)}`;
      const { from, to, behind } = ends(name, low, high, at);
      return from === to ? say(name, low) : `${from} to ${to}${behind}`;
    }

    // The float nearest to digits times a power of ten times a unit's size, as the library reads a decimal.
    function nearest(digits, power, size) {
      const [, sign, whole, part = "", own = "0"] = digits.match(/^([-+]?)(\d*)\.?(\d*)(?:e([-+]?\d+))?$/i), ten = Number(own) + power - part.length;
      const inverse = Math.round(1 / size), [up, down] = Number.isInteger(size) ? [BigInt(size), 1n] : 1 / inverse === size ? [1n, BigInt(inverse)] : [];
      if (up === undefined || Math.abs(ten) > 330) return Number(digits) * 10 ** power * size;
      let over = BigInt(whole + part || "0") * up * (ten > 0 ? 10n ** BigInt(ten) : 1n), under = down * (ten < 0 ? 10n ** BigInt(-ten) : 1n);
      if (over === 0n) return 0;
      const shift = Math.max(0, under.toString(2).length - over.toString(2).length + 66), scaled = over << BigInt(shift), quotient = scaled / under;
      return (sign === "-" ? -1 : 1) * Number(quotient * 2n + (scaled % under ? 1n : 0n)) * 2 ** -(shift + 1);
    }
    // A text of a scenario, which the library reads the same: with its unit, and never in the unit of a field.
    const exactly = (text, name) => single(text, name, null);
    // One number as typed: its value in SI, or words for what is wrong.
    function single(text, name, shown) {
      const one = data.names[name], match = text.trim().match(new RegExp(String.raw`^(?:(US)?\$|USD)?\s*(${NUMBER})\s*(.*)$`, "i"));
      if (!match) return { error: `“${text.trim()}” is no number` };
      if (one.shown === "flag") return { error: "yes or no is wanted" };
      const digits = match[2].replaceAll(",", "").replace("−", "-").replace(/\s*[×x*]\s*10\^/i, "e");
      let power = 0, rest = match[3].trim(), factor = null;
      const money = match[1] !== undefined || /^(US)?\$|^USD/i.test(text.trim()), spelled = data.spellings[one.unit];
      const behind = (unit) => Object.entries(spelled).find(([spelling]) => spelling === unit)?.[1] ?? Object.entries(spelled).find(([spelling]) => spelling.length > 2 && spelling.toLowerCase() === unit.toLowerCase())?.[1];
      if (money && !rest) rest = "USD";
      else if (money && rest.startsWith("/")) rest = `USD${rest}`;
      else if (money) rest = `${rest} USD`;
      rest = rest.replace(/\bper\b\s*/i, "/").replace(/\s*\/\s*/g, "/").replace(/\b(?:GPU|chip|accelerator)[- ]?(?=h(?:r|our)?s?$)/i, ""); // a rent is of one chip
      if (rest.startsWith("/") && one.unit.startsWith("USD")) rest = `USD${rest}`;
      const first = rest.match(/^([A-Za-z]+)\b\s*(.*)$/);
      if (behind(rest) !== undefined) factor = behind(rest);
      else if (first && MAGNITUDES[first[1]] !== undefined && (!first[2] || behind(first[2]) !== undefined || one.unit === "1")) {
        power = Math.log10(MAGNITUDES[first[1]]);
        rest = first[2];
        factor = behind(rest) ?? (one.unit === "1" || (rest === "" && one.unit === "USD") ? 1 : null);
        if (factor === null) return { error: `“${text.trim()}” lacks its unit, such as ${example(name)}` };
      } else if (rest === "" && !shown) {
        if (one.unit !== "1") return { error: `“${text.trim()}” lacks its unit, such as ${example(name)}` };
        factor = 1;
      } else if (rest === "") factor = shown[1].trim() && !/^(trillion|billion|million)$/.test(shown[1].trim()) ? shown[0] : 1;
      else if (one.unit === "1" && one.shown === "" && /^[a-z]+s$/i.test(rest)) factor = 1; // 16,384 chips
      else return { error: `“${rest}” is no unit of ${one.label.toLowerCase()}; write it as ${example(name)}` };
      const value = nearest(digits, Math.round(power), factor);
      return Number.isFinite(value) ? { value } : { error: `“${text.trim()}” is too large` };
    }
    const example = (name) => data.names[name].unit === "USD" ? "$500M" : data.names[name].unit === "USD/J" ? "0.07 $/kWh" : data.names[name].shown === "USD/h" ? "2.5 $/h" : data.names[name].unit === "1" ? (data.names[name].shown === "percent" ? "38 %" : "16,384 or 15.6T") : `12${data.units[data.names[name].unit].at(data.names[name].unit === "s" ? 1 : 2)?.[1] ?? ""}`;

    // What a reader typed for a name: {v} or {v, l, h}, or {error}. A bare number is in the unit that the field shows.
    function read(text, name, now) {
      const one = data.names[name], clean = text.trim().replace(/\u00a0|\u202f/g, " ");
      if (!clean) return { error: "a number is wanted" };
      if (one.shown === "flag") {
        if (/^(yes|1|on|true)$/i.test(clean)) return { v: 1 };
        return /^(no|0|off|false)$/i.test(clean) ? { v: 0 } : { error: "yes or no is wanted" };
      }
      const shown = scale(name, now ?? 1);
      const around = clean.match(/^(.+?)\s*(?:±|\+\/?-)\s*([\d.]+)\s*%$/);
      let found;
      if (around) {
        const centre = single(around[1], name, shown), part = Number(around[2]) / 100;
        found = centre.error ? centre : { v: centre.value, l: centre.value * (1 - part), h: centre.value * (1 + part) };
      } else {
        const ends = clean.match(/^(.*?\d[^–—]*?)\s*(?:\bto\b|–|—|(?<=[\d%A-Za-z])\s*-\s*(?=[$\d.]))\s*(.*\d.*)$/);
        if (ends && !/e$/i.test(ends[1])) {
          const last = single(ends[2], name, shown), unit = ends[2].trim().match(new RegExp(String.raw`^(?:(?:US)?\$|USD)?\s*${NUMBER}\s*(.*)$`, "i"))?.[1] ?? "";
          const bare = new RegExp(`^${NUMBER}$`).test(ends[1].trim());
          const low = single(bare ? `${/^\s*(US)?\$/.test(ends[2]) ? "$" : ""}${ends[1]} ${unit}` : ends[1], name, shown);
          if (low.error || last.error) found = low.error ? low : last;
          else if (!(low.value < last.value)) found = { error: `the first end must be below the second, not ${say(name, low.value)} and ${say(name, last.value)}` };
          else found = { l: low.value, h: last.value, v: one.shown === "" && low.value > 0 ? Math.sqrt(low.value * last.value) : (low.value + last.value) / 2 };
        } else {
          const alone = single(clean, name, shown);
          found = alone.error ? alone : { v: alone.value };
        }
      }
      if (found.error) return found;
      for (const x of [found.v, found.l, found.h]) {
        if (x === undefined) continue;
        const low = one.low ?? -Infinity, high = one.high ?? Infinity;
        if (x < low || x > high || (one.above && x === low) || (one.below && x === high)) return { error: `${one.label.toLowerCase()} must be ${within(name)}, not ${say(name, x)}` };
      }
      return found;
    }
    function within(name) {
      const { low, high, above, below } = data.names[name];
      if (low === undefined) return high === undefined ? "a number" : `at most ${say(name, high)}`;
      const first = `${above ? "above" : "at least"} ${say(name, low)}`;
      return high === undefined ? first : `${first} and ${below ? "below" : "at most"} ${say(name, high)}`;
    }
    return { scale, parts, say, ends, range, read, exactly };
  };
})();
