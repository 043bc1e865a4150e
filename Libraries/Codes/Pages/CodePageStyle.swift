/// How the page looks; its hash stands in the page's policy.
enum CodePageStyle {
    static let css = """
        :root{color-scheme:light dark;--page:#f6f6f3;--sheet:#fff;--line:#e5e5df;--ink:#1c1f23;--soft:#5d646d;--accent:#0b6b57;\
        --good:#0b6b57;--good-back:#e6f2ee;--wait:#7a5000;--wait-back:#fbf1dc;--bad:#b3261e;--bad-back:#fbe9e7}
        @media (prefers-color-scheme:dark){:root{--page:#121415;--sheet:#1b1e20;--line:#2c3033;--ink:#eceef0;--soft:#a0a8b0;\
        --accent:#6fcfb4;--good:#6fcfb4;--good-back:#16302a;--wait:#f0c674;--wait-back:#332a16;--bad:#ff8a80;--bad-back:#3a1f1d}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:28px 20px 40px;max-width:560px;background:var(--page);color:var(--ink);\
        font:16px/1.6 system-ui,-apple-system,"PingFang SC","Noto Sans SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;\
        -webkit-text-size-adjust:100%}
        h1,h2,p,dl,dd,table{margin:0;padding:0}
        h1{font-size:26px;line-height:1.25;overflow-wrap:anywhere}
        h2{font-size:15px;margin-bottom:6px}
        .code{margin:8px 0 20px;color:var(--soft);font:15px/1.5 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
        .code span{display:inline-block;margin-right:.6em}
        .state{display:grid;gap:2px;padding:14px 16px;border-radius:12px}
        .state strong{font-size:18px}
        time{white-space:nowrap}
        .good{background:var(--good-back);color:var(--good)}
        .wait{background:var(--wait-back);color:var(--wait)}
        .bad{background:var(--bad-back);color:var(--bad);margin-top:16px}
        section{margin-top:16px;padding:16px;background:var(--sheet);border:1px solid var(--line);border-radius:12px}
        table{width:100%;border-collapse:collapse}
        th,td{padding:8px 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:top;overflow-wrap:anywhere}
        thead th{color:var(--soft);font-size:13px;font-weight:500}
        tbody th{font-weight:500;padding-right:16px}
        td,thead th:last-child{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        .soft{color:var(--soft);font-size:14px;margin-top:10px}
        details{margin-top:12px}
        summary{cursor:pointer;padding:10px 0;color:var(--accent)}
        .hash{font:13px/1.5 ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
        dl{display:grid;grid-template-columns:auto 1fr;gap:6px 16px}
        table~dl{margin-top:12px}
        dt{color:var(--soft)}
        dd{text-align:right;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
        .own{border-color:var(--good)}
        .prize{font-size:20px;font-weight:600;overflow-wrap:anywhere}
        .symbol{margin:12px 0}
        .symbol svg{display:block;width:min(100%,232px);margin:0 auto;border-radius:8px}
        .token{text-align:center;font:18px/1.6 ui-monospace,"SF Mono",Menlo,Consolas,monospace}
        .token span{display:inline-block;margin:0 .3em}
        footer{margin-top:24px;text-align:center}
        a{display:inline-block;padding:10px 16px;color:var(--accent);text-underline-offset:3px}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        """
}
