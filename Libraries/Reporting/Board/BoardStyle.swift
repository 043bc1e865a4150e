/// The board's style sheet: served by itself, because the page's security policy forbids styles inside it.
package enum BoardStyle {
    /// The media type.
    package static let mediaType = "text/css; charset=utf-8"

    /// Names the content: another style sheet has another version, so browsers may keep this one for ever.
    package static let version = version(of: css)

    /// A short name for a content.
    static func version(of css: String) -> String {
        String(css.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 16)
    }

    /// The style sheet.
    ///
    /// Colours are names, so that the dark scheme is the same page with other colours.
    package static let css = """
        :root {
          color-scheme: light dark;
          --page: #f6f6f3; --sheet: #ffffff; --line: #e5e5df; --grid: #ecece7;
          --ink: #1c1f23; --soft: #5d646d; --accent: #0b6b57; --first: #157f68; --second: #a9d5c6;
          --good: #0b6b57; --good-back: #e6f2ee; --wait: #8a5a00; --wait-back: #fbf1dc; --bad: #b3261e; --bad-back: #fbe9e7;
        }
        @media (prefers-color-scheme: dark) {
          :root {
            --page: #121415; --sheet: #1b1e20; --line: #2c3033; --grid: #272b2e;
            --ink: #eceef0; --soft: #a0a8b0; --accent: #6fcfb4; --first: #4fb79b; --second: #2b5d50;
            --good: #6fcfb4; --good-back: #16302a; --wait: #f0c674; --wait-back: #332a16; --bad: #ff8a80; --bad-back: #3a1f1d;
          }
        }
        * { box-sizing: border-box; }
        body {
          margin: 0 auto; padding: 0 24px 48px; max-width: 1184px; background: var(--page); color: var(--ink);
          font: 15px/1.55 system-ui, -apple-system, "PingFang SC", "Noto Sans SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif;
          font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
        }
        h1, h2, h3, p, ul, dl, dd, figure { margin: 0; padding: 0; }
        ul { list-style: none; }
        h1 { font-size: 26px; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
        h2 { font-size: 16px; font-weight: 650; }
        h3 { font-size: 13px; font-weight: 500; color: var(--soft); }
        a { color: var(--accent); text-underline-offset: 3px; text-decoration-thickness: 1px; }
        :focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
        .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
        .skip { position: absolute; left: -999px; }
        .skip:focus { left: 16px; top: 8px; background: var(--sheet); padding: 8px 12px; z-index: 2; }

        .top { display: flex; justify-content: space-between; align-items: flex-end; gap: 16px; padding: 32px 0 20px; }
        .brand { color: var(--soft); font-size: 14px; overflow-wrap: anywhere; }
        .tools { display: flex; gap: 16px; align-items: center; font-size: 14px; white-space: nowrap; }
        .tools form { display: inline; }
        .quiet { border: 0; background: none; padding: 0; font: inherit; color: var(--soft); text-decoration: underline; cursor: pointer; }

        .filter { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; }
        .filter label { display: grid; gap: 4px; font-size: 12px; color: var(--soft); }
        .filter select, .filter input, .filter > button {
          font: inherit; font-size: 14px; height: 40px; padding: 0 12px; color: var(--ink); background: var(--sheet);
          border: 1px solid var(--line); border-radius: 8px; min-width: 0; max-width: 100%;
        }
        .filter > button { background: var(--accent); border-color: var(--accent); color: var(--page); font-weight: 600; padding: 0 20px; cursor: pointer; }
        .presets { display: flex; flex-wrap: wrap; gap: 4px; margin-left: auto; font-size: 14px; }
        .presets a { display: block; padding: 9px 12px; border-radius: 8px; color: var(--soft); text-decoration: none; white-space: nowrap; }
        .presets a:hover { color: var(--ink); }
        .presets a[aria-current] { background: var(--sheet); color: var(--ink); font-weight: 600; box-shadow: 0 0 0 1px var(--line); }

        .scope { margin: 28px 0 12px; font-size: 15px; overflow-wrap: anywhere; }
        .scope span { color: var(--soft); margin-left: 8px; }
        .status { display: flex; gap: 12px; align-items: flex-start; padding: 12px 16px; border-radius: 12px; margin-bottom: 16px; font-size: 14px; }
        .status span, .status a { color: inherit; }
        .status p > span { opacity: .85; margin: 0 8px; }
        .status a { white-space: nowrap; }
        .status .icon { font-weight: 700; }
        .status.good { background: var(--good-back); color: var(--good); }
        .status.wait { background: var(--wait-back); color: var(--wait); }
        .status.bad { background: var(--bad-back); color: var(--bad); }

        .figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 12px; }
        .figure, .chart, .sheet, .empty { background: var(--sheet); border: 1px solid var(--line); border-radius: 14px; }
        .figure { padding: 18px 20px 14px; min-width: 0; }
        .figure.lead { grid-column: span 2; }
        .value { font-size: 26px; line-height: 1.3; font-weight: 600; letter-spacing: -.015em; margin-top: 2px; white-space: nowrap; }
        .lead .value { font-size: 38px; letter-spacing: -.025em; }
        .minor { font-size: .6em; font-weight: 500; color: var(--soft); letter-spacing: 0; margin-left: 1px; }
        .mark.good { color: var(--good); }
        .mark.bad { color: var(--bad); font-weight: 600; }
        .figure .mark { font-size: 12px; margin-top: 6px; }
        .note { color: var(--soft); font-weight: 400; margin-left: 8px; }

        .charts { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-top: 12px; }
        .chart { padding: 18px 20px 10px; min-width: 0; }
        .chart.lead { grid-column: span 2; }
        .chart figcaption { display: flex; flex-wrap: wrap; gap: 4px 16px; align-items: baseline; margin-bottom: 10px; }
        .chart h3 { font-size: 14px; color: var(--ink); font-weight: 600; margin-right: auto; }
        .chart svg { display: block; width: 100%; height: auto; overflow: visible; }
        .narrow { display: none; }
        .key { font-size: 12px; color: var(--soft); }
        .key::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 6px; background: var(--first); }
        .key.s1::before { background: var(--second); }
        svg text { font-size: 12px; fill: var(--soft); }
        svg .tick { text-anchor: end; }
        svg .label { text-anchor: middle; }
        svg .grid { stroke: var(--grid); } svg .base { stroke: var(--line); }
        svg .s0 { fill: var(--first); } svg .s1 { fill: var(--second); }
        svg .bar:hover rect { opacity: .8; }
        svg .area { fill: var(--second); opacity: .45; } svg .line { fill: none; stroke: var(--first); stroke-width: 1.2; stroke-linejoin: round; }

        .sheet { margin-top: 12px; padding: 18px 0 6px; }
        .sheet h2 { padding: 0 20px 10px; }
        .sheet summary { display: flex; gap: 12px; align-items: baseline; cursor: pointer; padding: 0 20px 10px; }
        .sheet summary h2 { padding: 0; }
        .sheet summary::before { content: "›"; color: var(--soft); font-size: 18px; line-height: 1; width: 10px; }
        .sheet details[open] > summary::before { transform: rotate(90deg) translateX(2px); }
        .sheet summary::-webkit-details-marker { display: none; }
        .hint { color: var(--soft); font-size: 13px; }
        .scroll { overflow-x: auto; }
        table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 14px; }
        th, td { padding: 9px 12px; text-align: right; white-space: nowrap; font-weight: 400; border-top: 1px solid var(--line); }
        thead th { color: var(--soft); font-size: 12px; border-top: 0; }
        th:first-child { text-align: left; padding-left: 20px; position: sticky; left: 0; background: var(--sheet); }
        td:last-child, th:last-child { padding-right: 20px; text-align: center; position: sticky; right: 0; background: var(--sheet); }
        tbody tr:hover > * { background: var(--page); }
        tfoot > tr > * { font-weight: 600; border-top: 1px solid var(--soft); }

        .sheet .name { color: var(--ink); font-size: 15px; font-weight: 600; padding: 0 20px 10px; }
        .sheet summary .name { padding: 0; }
        .plain td:last-child, .plain thead th:last-child { text-align: right; position: static; }
        .plain tbody th { white-space: normal; min-width: 104px; overflow-wrap: anywhere; }
        .topic { margin-top: 40px; }
        .topic > h2 { font-size: 20px; }
        .topic > .scope { margin: 2px 0 12px; }
        .topic > .scope span, .topic .note { margin: 0; }

        .words dl { padding: 0 20px 12px; display: grid; grid-template-columns: 1fr 1fr; gap: 14px 32px; }
        .words dt { font-weight: 600; } .words dd { color: var(--soft); font-size: 14px; }
        .empty { text-align: center; padding: 72px 24px; }
        .empty h2 { font-size: 18px; margin: 16px 0 6px; } .empty p { color: var(--soft); max-width: 34em; margin: 0 auto; }

        footer { margin-top: 28px; color: var(--soft); font-size: 13px; }
        .facts { display: flex; flex-wrap: wrap; gap: 6px 24px; }
        .facts div { display: flex; gap: 6px; } .facts dd { color: var(--ink); overflow-wrap: anywhere; }
        .downloads { margin-top: 10px; } .downloads a { margin-left: 10px; }

        @media (max-width: 860px) {
          .figures { grid-template-columns: 1fr 1fr; }
          .charts { grid-template-columns: 1fr; } .chart.lead { grid-column: auto; }
          .presets { margin-left: 0; }
          .words dl { grid-template-columns: 1fr; }
        }
        @media (max-width: 600px) {
          body { padding: 0 16px 40px; }
          .top { padding: 20px 0 16px; } h1 { font-size: 22px; }
          .filter { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; }
          .filter label:first-of-type, .presets { grid-column: 1 / -1; } .filter > button { grid-column: 1 / -1; }
          .filter input { width: 100%; } .filter select { width: 100%; }
          .presets { flex-wrap: nowrap; overflow-x: auto; margin: 0 -16px; padding: 1px 16px; }
          .presets a { padding: 8px 10px; font-size: 13px; }
          .scope span { display: block; margin: 0; }
          .status p > span { display: block; margin: 2px 0; }
          .figures { gap: 8px; } .figure { padding: 14px 14px 12px; }
          .value { font-size: 21px; } .lead .value { font-size: 32px; }
          .charts { gap: 8px; margin-top: 8px; } .chart { padding: 14px 14px 8px; }
          .wide { display: none; } .narrow { display: block; }
          .chart h3 { flex-basis: 100%; }
          .sheet { margin-top: 8px; } .sheet h2, .sheet .name, .sheet summary { padding-left: 14px; padding-right: 14px; }
          .sheet summary h2, .sheet summary .name { padding: 0; } .topic { margin-top: 28px; }
          th, td { padding: 9px 10px; } th:first-child { padding-left: 14px; } td:last-child, th:last-child { padding-right: 14px; }
          .wraps th:first-child { white-space: normal; min-width: 148px; }
          .words dl { padding: 0 14px 12px; }
          .facts { display: grid; gap: 4px; }
        }
        @media print {
          .filter, .tools, .downloads { display: none; }
          .figure, .chart, .sheet { break-inside: avoid; }
        }
        """
}
