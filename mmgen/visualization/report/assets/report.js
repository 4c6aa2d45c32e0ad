'use strict';
(() => {
  const report = JSON.parse(document.getElementById('report').textContent);
  const runs = report.runs;
  const two = runs.length > 1;
  const COLOURS = 8;

  // ------------------------------------------------------------- the page

  /* An element. Children that are text become text nodes, so nothing that a
     run says is ever read as HTML. */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (typeof value === 'function') node.addEventListener(name, value);
      else if (value === true) node.setAttribute(name, '');
      else if (value !== false && value !== null && value !== undefined) {
        node.setAttribute(name, value);
      }
    }
    node.append(...children.flat(2).filter(
      child => child !== null && child !== undefined && child !== false));
    return node;
  }

  const number = value => {
    if (typeof value !== 'number') return String(value ?? '–');
    const size = Math.abs(value);
    if (size >= 1e7 || (size > 0 && size < 1e-3)) {
      return value.toExponential(2).replace(/\.?0+e/, 'e');
    }
    return value.toLocaleString('en', {
      maximumSignificantDigits: size >= 1000 ? 7 : 4});
  };
  const signed = value => (value > 0 ? '+' : '') + number(value);
  const swatch = index => el('span', {
    class: `swatch c${index % COLOURS}`, 'aria-hidden': 'true'});
  const badge = (word, tone) => el('span', {class: `badge ${tone}`}, word);
  const runName = index => two ?
    [swatch(index), ' ', runs[index].name] : [runs[index].name];

  function section(id, title, ...children) {
    if (!children.flat().some(Boolean)) return null;
    return el('section', {id, 'aria-labelledby': `${id}-title`},
      el('h2', {id: `${id}-title`}, title), ...children);
  }

  /* The first cell of a row is its head. On a narrow screen a row becomes a
     block, in which each cell says its column. */
  function table(caption, head, rows) {
    const labels = head.map(cell => el('span', {}, cell).textContent.trim());
    return el('table', {}, el('caption', {}, caption),
      el('thead', {}, el('tr', {}, head.map(
        cell => el('th', {scope: 'col'}, cell)))),
      el('tbody', {}, rows.map(({cells, differs}) => el('tr',
        {class: differs && 'differs'}, cells.map((cell, index) => index ?
          el('td', {'data-label': labels[index]}, el('span', {}, cell)) :
          el('th', {scope: 'row'}, cell))))));
  }

  function copyButton(label, text) {
    const button = el('button', {type: 'button', click: async () => {
      try {
        await navigator.clipboard.writeText(text);
        button.textContent = 'Copied';
      } catch (error) {
        button.textContent = 'Copying is not allowed here';
      }
      setTimeout(() => { button.textContent = label; }, 2000);
    }}, label);
    return button;
  }

  const pairs = (rows, kind) => el('dl', {class: kind}, rows.map(
    ([key, value]) => el('div', {}, el('dt', {}, key), el('dd', {}, value))));

  // -------------------------------------------------------------- summary

  const TONES = {finished: 'good', running: 'good', stopped: 'warn',
    'ended early': 'bad'};

  function summaryCard(run, index) {
    const best = run.best.map(({key, value, iteration, first}) => el('div', {},
      el('span', {class: 'muted'}, `best ${key}`),
      el('strong', {}, number(value)),
      el('span', {class: 'muted'}, `at iteration ${number(iteration)}`,
        first[0] === iteration ? '' :
          `, from ${number(first[1])} at ${number(first[0])}`)));
    return el('article', {class: 'card'},
      el('h3', {}, el('span', {}, runName(index)),
        badge(run.status.word, TONES[run.status.word]),
        run.not_finite.length ? badge('has NaN or infinity', 'bad') : null),
      el('p', {class: 'muted'}, run.status.text),
      best.length ? el('div', {class: 'best'}, best) : null,
      run.not_finite.length ? el('div', {class: 'note bad'},
        run.not_finite.slice(0, 4).map(text => el('p', {}, text)),
        run.not_finite.length > 4 ? el('p', {},
          `And ${run.not_finite.length - 4} more, see the events.`) : null) :
        null,
      pairs([...run.facts,
        ['Checkpoint to use', run.checkpoint || 'there is none'],
        ['Work directory', run.folder]], ''),
      run.checkpoint ? [
        el('p', {class: 'muted'}, 'Pictures with it, from a checkout of mmgen:'),
        el('div', {class: 'command'}, el('code', {}, run.command),
          copyButton('Copy', run.command))] : null);
  }

  function comparedMetrics() {
    const rows = report.comparison.metrics.map(row => ({cells: [row.key,
      ...row.best.map(([step, value]) => [number(value), ' ',
        el('span', {class: 'muted'}, `at ${number(step)}`)]),
      row.reason ? [badge('not comparable', 'bad'), ' ', row.reason] :
        signed(row.difference)]}));
    if (!rows.length) {
      return el('p', {}, 'The runs have no metric in common.');
    }
    return table('Best values; the difference is the second minus the first',
      ['metric', runName(0), runName(1), 'difference'], rows);
  }

  function missing() {
    const all = runs.flatMap((run, index) => run.missing.map(
      text => el('p', {}, two ? [runName(index), ': '] : null, text)));
    return all.length ? el('div', {class: 'note'}, all) : null;
  }

  // ------------------------------------------------------------- pictures

  function player(name) {
    const shown = runs.map((run, index) => ({index, all:
      run.pictures[name] || []})).filter(({all}) => all.length);
    const steps = [...new Set(shown.flatMap(({all}) => all.map(p => p[0])))]
      .sort((a, b) => a - b);
    const frames = shown.map(({index, all}) => {
      // Small pictures are shown with four pixels for each.
      const image = el('img', {load: () => {
        image.width = image.naturalWidth * (image.naturalWidth < 320 ? 2 : 1);
      }});
      const caption = two ? el('figcaption', {}) : null;
      return {index, all, image, caption,
        figure: el('figure', {}, image, caption)};
    });
    const output = el('output', {});
    let timer = null;
    const range = el('input', {type: 'range', min: '0',
      max: String(steps.length - 1), value: String(steps.length - 1),
      'aria-label': `Iteration of ${name}`, input: () => show()});

    function show() {
      const step = steps[Number(range.value)];
      range.setAttribute('aria-valuetext', `iteration ${step}`);
      output.textContent = `iteration ${number(step)}`;
      for (const {index, all, image, caption} of frames) {
        const before = all.filter(picture => picture[0] <= step);
        const [at, address] = before.length ? before.at(-1) : all[0];
        image.src = address;
        image.alt = `${name} of ${runs[index].name} at iteration ${at}`;
        if (two) {
          caption.replaceChildren(...runName(index),
            `, iteration ${number(at)}`);
        }
      }
    }
    function stop() {
      clearInterval(timer);
      timer = null;
      play.textContent = 'Play';
    }
    const play = el('button', {type: 'button', click: () => {
      if (timer !== null) { stop(); return; }
      if (Number(range.value) === steps.length - 1) range.value = '0';
      show();
      play.textContent = 'Pause';
      timer = setInterval(() => {
        if (Number(range.value) === steps.length - 1) { stop(); return; }
        range.value = String(Number(range.value) + 1);
        show();
      }, 500);
    }}, 'Play');
    show();
    const left = shown.filter(({index, all}) =>
      all.length < runs[index].pictures_in_all[name]).map(({index, all}) =>
      `${all.length} of ${runs[index].pictures_in_all[name]} ` +
      `of ${runs[index].name}`);
    return el('article', {class: 'card pictures'}, el('h3', {}, name),
      steps.length > 1 ?
        el('div', {class: 'player'}, play, range, output) : null,
      el('div', {class: 'stage'}, frames.map(frame => frame.figure)),
      left.length ? el('p', {class: 'muted'},
        `Evenly chosen: ${left.join(', ')}. More with --max-pictures.`) : null);
  }

  function pictures() {
    const names = [...new Set(runs.flatMap(run => Object.keys(run.pictures)))];
    return names.length ? el('div', {class: 'cards'}, names.map(player)) : null;
  }

  // --------------------------------------------------------------- charts

  const charts = [];
  const colour = name => getComputedStyle(document.documentElement)
    .getPropertyValue(name).trim();
  const colourOf = (spec, index) => two ? spec.series[index].run : index;

  /* Lines that share a colour differ in their dashes. */
  function dashOf(spec, index) {
    const before = spec.series.slice(0, index).filter(
      (_, other) => colourOf(spec, other) % COLOURS ===
        colourOf(spec, index) % COLOURS).length;
    return [[], [7, 4], [2, 3], [9, 3, 2, 3]][before % 4];
  }

  /* Moving average whose start is not pulled towards zero. */
  function smooth(values, weight) {
    let sum = 0, total = 0;
    return values.map(value => {
      if (value === null) return null;
      sum = weight * sum + (1 - weight) * value;
      total = weight * total + (1 - weight);
      return sum / total;
    });
  }

  const positive = spec => spec.series.every(
    ({y}) => y.every(value => value === null || value > 0));

  function described(spec) {
    const ends = spec.series.map(({label, run, x, y}) =>
      `${two ? `${runs[run].name}, ` : ''}${label} from ${number(y[0])} at ` +
      `${number(x[0])} to ${number(y.at(-1))} at ${number(x.at(-1))}`);
    return `${spec.title}: ${ends.join('; ')}`;
  }

  function bestOf(spec, run) {
    const best = spec.best && spec.best[run];
    return best ? el('span', {class: 'muted'}, `, best ${number(best[1])} ` +
      `at ${number(best[0])}`) : null;
  }

  function chart(spec) {
    const plot = el('div', {class: 'plot', role: 'img',
      'aria-label': described(spec)});
    const state = {plot, spec, hidden: new Set(), weight: 0, log: false,
      u: null};
    const values = spec.series.map(() => el('span', {class: 'value'}));
    const alone = !two && spec.series.length === 1;
    const legend = el('div', {class: 'legend'}, spec.series.map(
      (series, index) => {
        if (alone) {
          return el('span', {}, swatch(0), ' ', values[0], bestOf(spec, 0));
        }
        const button = el('button', {type: 'button', 'aria-pressed': 'true',
          click: () => {
            const hide = !state.hidden.has(index);
            state.hidden[hide ? 'add' : 'delete'](index);
            button.setAttribute('aria-pressed', String(!hide));
            draw(state);
          }}, swatch(colourOf(spec, index)), ' ',
        two ? runs[series.run].name : series.label,
        two && series.label !== spec.title && spec.section === 'speed' &&
          spec.series.length > runs.length ? `: ${series.label}` : null,
        ' ', values[index], bestOf(spec, series.run));
        return button;
      }));
    state.show = position => spec.series.forEach(({x, y}, index) => {
      let at = x.length - 1;
      if (position !== null) {
        while (at > 0 && x[at] > position) at -= 1;
      }
      values[index].textContent = y[at] === null ? 'NaN' : number(y[at]);
    });
    state.show(null);
    charts.push(state);
    return el('figure', {class: 'card'},
      el('h3', {}, spec.title, spec.unit ?
        el('span', {class: 'muted'}, ` ${spec.unit}`) : null,
      spec.rule ? el('span', {class: 'muted'}, spec.rule === 'less' ?
        ' smaller is better' : ' larger is better') : null),
      plot, legend, spec.key ? aboutMetric(spec.key) : null);
  }

  function draw(state) {
    const {plot, spec} = state;
    const shown = spec.series.map((series, index) => ({...series, index}))
      .filter(({index}) => !state.hidden.has(index));
    const lines = shown.flatMap(({x, y, index}) => {
      const stroke = colour(`--c${colourOf(spec, index) % COLOURS}`);
      const dash = dashOf(spec, index);
      const raw = {data: [x, y], dash, stroke, width: 1.6,
        points: spec.dots ? {show: true, size: 6, fill: stroke} :
          {show: x.length < 3, size: 6, fill: stroke}};
      return state.weight === 0 ? [raw] : [
        {...raw, stroke: `${stroke}50`, width: 1, points: {show: false}},
        {...raw, data: [x, smooth(y, state.weight)], width: 2}];
    });
    if (state.u) state.u.destroy();
    state.u = null;
    if (!lines.length || !plot.clientWidth) return;
    const data = uPlot.join(lines.map(line => line.data),
      lines.map(() => [1, 1]));
    const axis = {stroke: colour('--muted'), font: '12px system-ui, sans-serif',
      grid: {stroke: colour('--grid'), width: 1},
      ticks: {stroke: colour('--grid'), width: 1},
      values: (u, splits) => splits.map(
        value => value === null ? '' : number(value))};
    state.u = new uPlot({
      width: plot.clientWidth,
      height: 250,
      legend: {show: false},
      cursor: {y: false, drag: {x: true, y: false}},
      scales: {x: {time: false}, y: state.log ? {distr: 3} : {}},
      axes: [{...axis, space: 70, size: 30}, {...axis, size: (u, texts) => 16 + 7 *
        Math.max(3, ...(texts || []).map(text => text.length))}],
      series: [{}, ...lines.map(({stroke, width, points, dash}) => ({
        stroke, width, points, dash}))],
      hooks: {
        draw: [u => marks(u, spec)],
        setCursor: [u => state.show(u.cursor.left < 0 ? null :
          u.posToVal(u.cursor.left, 'x'))],
      },
    }, data, plot);
  }

  /* Where the run was resumed, and a ring around the best values. */
  function marks(u, spec) {
    const context = u.ctx, {left, top, width, height} = u.bbox;
    const pixel = window.devicePixelRatio;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.setLineDash([3 * pixel, 4 * pixel]);
    context.lineWidth = pixel;
    runs.forEach((run, index) => {
      context.strokeStyle = colour(two ? `--c${index}` : '--muted');
      for (const step of run.resumed_at) {
        const x = Math.round(u.valToPos(step, 'x', true));
        context.beginPath();
        context.moveTo(x, top);
        context.lineTo(x, top + height);
        context.stroke();
      }
    });
    context.restore();
    context.save();
    (spec.best || []).forEach((best, index) => {
      if (!best) return;
      const x = u.valToPos(best[0], 'x', true);
      const y = u.valToPos(best[1], 'y', true);
      context.strokeStyle = colour('--ink');
      context.lineWidth = 2 * pixel;
      context.beginPath();
      context.arc(x, y, 7 * pixel, 0, 2 * Math.PI);
      context.stroke();
    });
    context.restore();
  }

  function flat(tree, head = '') {
    return Object.entries(tree || {}).flatMap(([key, value]) =>
      value && typeof value === 'object' && !Array.isArray(value) &&
        Object.keys(value).length ? flat(value, `${head}${key}.`) :
        [[head + key, typeof value === 'string' ? value :
          JSON.stringify(value)]]);
  }

  function aboutMetric(key) {
    const metrics = runs.map(run => run.metrics[key] || null);
    const cards = metrics.map(metric => metric && metric.identity &&
      new Map(flat(metric.identity)));
    const changes = metrics.flatMap((metric, index) =>
      (metric ? metric.changes : []).map(({iteration, reason}) => el('div', {
        class: 'note bad'}, el('p', {}, two ? [runName(index), ': '] : null,
        `From iteration ${number(iteration)} on this is another metric. `,
        reason))));
    const beside = metrics.flatMap((metric, index) => {
      const {standard_error: error, floor} = metric ? metric.beside : {};
      const said = [
        floor === undefined ? null :
          `floor ${number(floor)} (two halves of the real images)`,
        error === undefined ? null : `standard error ${number(error)}`
      ].filter(Boolean).join(', ');
      return said ? [el('p', {class: 'muted'},
        two ? [runName(index), ': '] : null, said)] : [];
    });
    const fields = [...new Set(cards.flatMap(card =>
      card ? [...card.keys()] : []))];
    const rows = fields.map(field => {
      const found = cards.map(card => card ? card.get(field) : undefined);
      const differs = cards.every(Boolean) && new Set(found).size > 1;
      return {differs, cells: [field, ...found.map(
        value => el('span', {class: 'code'}, value ?? '–'))]};
    });
    const steps = [...new Set(metrics.flatMap(metric =>
      metric ? metric.values.map(pair => pair[0]) : []))].sort((a, b) => a - b);
    const byStep = metrics.map(metric => new Map(metric ? metric.values : []));
    return [changes, beside,
      el('details', {}, el('summary', {}, 'What this number is'),
        rows.length ? table(`Identity card of ${key}`,
          ['field', ...runs.map((_, index) => runName(index))], rows) :
          el('p', {}, 'No identity card was written.')),
      el('details', {}, el('summary', {}, 'All values'),
        table(`Values of ${key}`,
          ['iteration', ...runs.map((_, index) => runName(index))],
          steps.map(step => ({cells: [number(step), ...byStep.map(
            values => String(values.get(step) ?? '–'))]}))))];
  }

  function chartGroup(name) {
    const specs = report.charts.filter(spec => spec.section === name);
    return specs.length ?
      el('div', {class: 'charts'}, specs.map(chart)) : null;
  }

  /* Smoothing and scale for all the charts of a group. */
  function controls(name) {
    const group = () => charts.filter(({spec}) => spec.section === name);
    const specs = report.charts.filter(spec => spec.section === name);
    if (!specs.length) return null;
    const output = el('output', {}, 'off');
    const allPositive = specs.every(positive);
    return el('div', {class: 'controls'},
      el('label', {}, 'Smoothing ', el('input', {type: 'range', min: '0',
        max: '0.98', step: '0.02', value: '0', input: event => {
          const weight = Number(event.target.value);
          output.textContent = weight ? weight.toFixed(2) : 'off';
          group().forEach(state => { state.weight = weight; draw(state); });
        }}), ' ', output),
      el('label', {}, el('input', {type: 'checkbox', disabled: !allPositive,
        change: event => group().forEach(state => {
          state.log = event.target.checked;
          draw(state);
        })}), ' Logarithmic scale',
      allPositive ? '' : ' (needs values above 0)'),
      el('span', {class: 'muted'},
        'Over iterations; drag over a chart to enlarge, double-click to go ' +
        'back. Dashed lines: the run was resumed.'));
  }

  // --------------------------------------------- events, settings, machine

  const EVENT_TONES = {'not finite': 'bad', error: 'bad',
    'broken image': 'bad', warning: 'warn', 'stop asked': 'warn',
    setting: 'warn', environment: 'warn', replaced: 'warn', best: 'good'};

  function eventList(run, index) {
    if (!run.events.length) return null;
    const items = run.events.map(event => [event.kind, el('li', {},
      el('span', {class: 'muted'}, event.time || ''),
      el('span', {class: 'muted value'}, event.iteration === null ? '' :
        number(event.iteration)),
      badge(event.kind, EVENT_TONES[event.kind] || 'calm'),
      el('span', {class: 'text'}, event.text,
        event.count > 1 ? el('strong', {}, ` (${event.count} times)`) : null))]);
    const kinds = [...new Set(items.map(([kind]) => kind))];
    const chips = kinds.map(kind => {
      const count = items.filter(item => item[0] === kind).length;
      const chip = el('button', {type: 'button', 'aria-pressed': 'true',
        click: () => {
          const hide = chip.getAttribute('aria-pressed') === 'true';
          chip.setAttribute('aria-pressed', String(!hide));
          items.filter(item => item[0] === kind).forEach(([, item]) => {
            item.hidden = hide;
          });
        }}, `${kind} (${count})`);
      return chip;
    });
    return [two ? el('h3', {}, runName(index)) : null,
      el('div', {class: 'controls chips', role: 'group',
        'aria-label': 'Kinds of events to show'}, chips),
      el('ol', {class: 'events'}, items.map(([, item]) => item))];
  }

  function search(label, rows) {
    const output = el('output', {class: 'muted', 'aria-live': 'polite'});
    const input = el('input', {type: 'search', placeholder: label,
      'aria-label': label, input: () => filter()});
    function filter() {
      const words = input.value.toLowerCase().split(/\s+/);
      let shown = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every(word => text.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      output.textContent = `${shown} of ${rows.length}`;
    }
    filter();
    return [input, output];
  }

  function settingsOf(run) {
    if (!run.settings.length) return null;
    const list = pairs(run.settings, 'code settings');
    return [el('div', {class: 'controls'},
      search('Search the settings', [...list.children]),
      copyButton('Copy the config', run.config)),
    el('div', {class: 'box', tabindex: '0', role: 'region',
      'aria-label': 'Settings'}, list),
    el('details', {}, el('summary', {}, 'The config as a file'),
      el('pre', {}, run.config))];
  }

  function threeColumns(caption, rows) {
    const code = text => el('span', {class: 'code'}, text ?? '–');
    return table(caption, ['name', runName(0), runName(1), ''], rows.map(
      ([key, a, b]) => ({differs: a !== null && b !== null, cells: [
        code(key), code(a), code(b),
        a === null ? badge('only in the second', 'calm') :
          b === null ? badge('only in the first', 'calm') :
            badge('changed', 'warn')]})));
  }

  const perRun = content => runs.map((run, index) => el('details', {},
    el('summary', {}, 'All of ', runName(index)), content(run)));

  function settings() {
    if (!two) return settingsOf(runs[0]);
    const rows = report.comparison.settings;
    const shown = threeColumns(
      `${rows.length} settings differ; the work directory is left out`, rows);
    return [rows.length ? [
      el('div', {class: 'controls'}, search('Search what differs',
        [...shown.querySelectorAll('tbody tr')])), shown] :
      el('p', {}, 'No setting differs.'), perRun(settingsOf)];
  }

  const machine = run => pairs(run.environment.map(([key, value]) => [key,
    value.length < 200 ? value : el('details', {},
      el('summary', {}, `${value.slice(0, 60)} …`), value)]), '');

  function environment() {
    if (!runs.some(run => run.environment.length)) return null;
    if (!two) return machine(runs[0]);
    const rows = report.comparison.environment;
    return [rows.length ? threeColumns('What differs', rows) :
      el('p', {}, 'Nothing differs.'), perRun(machine)];
  }

  function tests() {
    const rows = runs.flatMap((run, index) => run.tests.map(test => ({cells: [
      test.key, number(test.value),
      two ? [...runName(index), ': ', test.path] : test.path]})));
    return rows.length ? table('Results of tests of the run',
      ['metric', 'value', 'identity card'], rows) : null;
  }

  // ------------------------------------------------------------- together

  const sections = [
    section('summary', 'Summary',
      el('div', {class: 'cards'}, runs.map(summaryCard)), missing(),
      two ? comparedMetrics() : null),
    two ? section('settings', 'Settings', settings()) : null,
    section('pictures', 'Pictures', pictures()),
    section('metrics', 'Metrics', chartGroup('metrics'), tests()),
    section('losses', 'Losses', controls('losses'), chartGroup('losses')),
    section('speed', 'Learning rate, speed, memory', chartGroup('speed')),
    section('other', 'Other values', chartGroup('other')),
    section('events', 'Events', runs.map(eventList).filter(Boolean)),
    two ? null : section('settings', 'Settings', settings()),
    section('environment', 'Environment', environment()),
  ].filter(Boolean);

  document.body.append(
    el('header', {}, el('h1', {}, report.title),
      el('p', {class: 'muted'}, `Report of ${two ? 'two runs' : 'a run'}, ` +
        `made ${report.made} with mmgen ${report.version}`)),
    el('nav', {'aria-label': 'Parts of the report'}, el('ul', {}, sections.map(
      node => el('li', {}, el('a', {href: `#${node.id}`},
        node.querySelector('h2').textContent))))),
    el('main', {}, sections),
    el('footer', {}, 'This page is one file. It loads nothing and sends ' +
      'nothing.'));

  const redraw = () => charts.forEach(draw);
  redraw();
  let width = window.innerWidth;
  window.addEventListener('resize', () => {
    if (window.innerWidth !== width) {
      width = window.innerWidth;
      redraw();
    }
  });
  for (const query of ['(prefers-color-scheme: dark)', 'print']) {
    matchMedia(query).addEventListener('change', redraw);
  }
})();
