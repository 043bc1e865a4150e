/// The console's style sheet: the board's, and what tables of jobs and forms need besides.
package enum ConsoleStyle {
    /// Names the content, as the board's does.
    package static let version = BoardStyle.version(of: css)

    /// The style sheet.
    ///
    /// On a narrow page each row of a table becomes a card, so that nothing is cut off or hidden sideways.
    package static let css =
        BoardStyle.css + """

            .tabs { margin-bottom: 20px; border-bottom: 1px solid var(--line); }
            .tabs ul { display: flex; flex-wrap: wrap; gap: 4px; margin-bottom: -1px; }
            .tabs a { display: block; padding: 9px 12px; color: var(--soft); text-decoration: none; border-bottom: 2px solid transparent; white-space: nowrap; }
            .tabs a:hover { color: var(--ink); }
            .tabs a[aria-current] { color: var(--ink); font-weight: 600; border-bottom-color: var(--accent); }
            .asof { display: flex; flex-wrap: wrap; gap: 4px 16px; justify-content: space-between; color: var(--soft); font-size: 13px; margin: 0 0 12px; }
            .asof a { padding: 4px 6px; } .asof a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
            .figure h2 { font-size: 13px; font-weight: 500; color: var(--soft); }
            .late { color: var(--wait); } .bad, .error { color: var(--bad); } td.good { color: var(--good); }
            td a { color: inherit; }
            .nothing { padding: 0 20px 14px; color: var(--soft); }
            section.empty p + p { margin-top: 16px; } .empty p { overflow-wrap: anywhere; }
            small { display: block; font-size: 12px; color: var(--soft); overflow-wrap: anywhere; white-space: normal; }
            small.error { color: var(--bad); } .error { overflow-wrap: anywhere; }
            .id { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", monospace; font-size: 12px; color: var(--soft); overflow-wrap: anywhere; }
            .scope .id { margin: 0; font-size: 13px; } h1 { overflow-wrap: anywhere; }

            .cards th, .cards td, .cards td:last-child, .cards th:last-child { vertical-align: top; position: static; text-align: left; }
            .cards .n, .cards td.n:last-child, .cards th.n:last-child, .cards td.do:last-child { text-align: right; }
            .cards td { white-space: normal; overflow-wrap: anywhere; } .cards td.n, .cards .do { white-space: nowrap; }
            .cards td.n small { max-width: 14em; margin-left: auto; }
            .cards tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 130px; font-weight: 600; }
            .cards th small { font-weight: 400; } .cards tr:last-child > * { background: none; }
            .cards thead th { vertical-align: bottom; } .cards thead th, .cards thead th:first-child { min-width: 0; }
            .button, .act button {
              display: inline-block; font: inherit; font-size: 13px; line-height: 1.4; padding: 5px 12px; border: 1px solid var(--line);
              border-radius: 8px; background: var(--sheet); color: var(--ink); text-decoration: none; white-space: nowrap; cursor: pointer;
            }
            .button:hover { border-color: var(--soft); }
            .filter .button { height: 40px; padding: 10px 16px; font-size: 14px; line-height: 1.2; }
            .filter { margin-bottom: 4px; }
            .items > li { list-style: none; border-top: 1px solid var(--line); padding: 12px 20px; overflow-wrap: anywhere; }
            ol.items { margin: 0; padding: 0; }
            .items h3 { color: var(--ink); font-size: 14px; font-weight: 600; }
            .items details { margin-top: 6px; } .items summary { display: inline-block; padding: 4px 0; cursor: pointer; color: var(--accent); font-size: 14px; }
            .items summary::before { content: none; }
            .act { display: flex; flex-wrap: wrap; gap: 12px; align-items: end; padding: 0 20px 16px; }
            .items .act { padding: 8px 0 4px; }
            .act label { display: grid; gap: 4px; font-size: 13px; color: var(--soft); flex: 1 1 320px; min-width: 0; }
            .act label.short { flex: 0 0 auto; }
            .act input, .act select {
              font: inherit; font-size: 14px; height: 40px; padding: 0 12px; color: var(--ink); background: var(--page); border: 1px solid var(--soft);
              border-radius: 8px; min-width: 0; width: 100%;
            }
            .filter select, .filter input { border-color: var(--soft); }
            .act button { height: 40px; padding: 0 20px; font-size: 14px; font-weight: 600; background: var(--accent); border-color: var(--accent); color: var(--page); }
            .act .hint { flex-basis: 100%; }
            .scopes { flex-basis: 100%; display: grid; grid-template-columns: repeat(auto-fit, minmax(220px, 1fr)); gap: 12px; }
            .details { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 12px 24px; padding: 0 20px 14px; }
            .details dt { color: var(--soft); font-size: 12px; } .details dd { overflow-wrap: anywhere; }
            .details .all { grid-column: 1 / -1; }
            progress { width: min(420px, 100%); height: 10px; vertical-align: middle; margin-right: 10px; accent-color: var(--accent); }
            .pager { display: flex; gap: 12px; justify-content: flex-end; margin-top: 12px; }

            @media (max-width: 860px) {
              .cards, .cards tbody, .cards tr, .cards th, .cards td { display: block; }
              .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
              .cards tr { display: grid; grid-template-columns: 1fr 1fr; gap: 2px 16px; padding: 12px 20px; border-top: 1px solid var(--line); }
              .cards tbody tr:hover > * { background: none; }
              .cards.counts tr { grid-template-columns: 1fr 1fr 1fr; }
              .cards th, .cards td, .cards th:first-child, .cards td:last-child, .cards td.n:last-child { border: 0; padding: 0; text-align: left; background: none; min-width: 0; }
              .cards td.n { text-align: left; white-space: normal; } .cards td.n small { margin: 0; }
              .cards tbody th { grid-column: 1 / -1; font-size: 15px; padding-bottom: 4px; }
              .cards td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: 12px; }
              .cards td, .cards td:last-child, .cards td.n:last-child { padding: 3px 0; }
              .cards td.do:last-child { grid-column: 1 / -1; padding-top: 8px; text-align: left; }
              .counts td.state { grid-column: span 2; } .counts td.do:last-child { grid-column: auto; align-self: end; }
              .button, .act button { padding-top: 8px; padding-bottom: 8px; }
              .act button { padding: 0 20px; }
            }
            @media (max-width: 600px) {
              .tabs { margin-left: -8px; margin-right: -8px; } .tabs ul { gap: 2px; } .tabs a { padding: 8px 6px; font-size: 14px; }
              .filter .button { grid-column: 1 / -1; text-align: center; }
              .cards tr, .items > li { padding-left: 14px; padding-right: 14px; }
              .act, .nothing, .details { padding-left: 14px; padding-right: 14px; }
              .items .act { padding-left: 0; padding-right: 0; }
              .act button, .act label.short { flex: 1 1 100%; }
              .details { grid-template-columns: 1fr 1fr; }
            }
            """
}
