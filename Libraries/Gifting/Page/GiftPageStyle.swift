/// How the page looks, and the one thing that moves on it; their hashes stand in the page's policy.
enum GiftPageStyle {
    static let css = """
        :root{color-scheme:light dark;--page:#f6f6f3;--sheet:#fff;--line:#e5e5df;--field:#8a9098;--ink:#1c1f23;--soft:#5d646d;--accent:#0b6b57;\
        --on-accent:#fff;--good:#0b6b57;--good-back:#e6f2ee;--wait:#7a5000;--wait-back:#fbf1dc;--bad:#b3261e;--bad-back:#fbe9e7}
        @media (prefers-color-scheme:dark){:root{--page:#121415;--sheet:#1b1e20;--line:#2c3033;--field:#6f777f;--ink:#eceef0;--soft:#a0a8b0;\
        --accent:#6fcfb4;--on-accent:#0d211b;--good:#6fcfb4;--good-back:#16302a;--wait:#f0c674;--wait-back:#332a16;--bad:#ff8a80;\
        --bad-back:#3a1f1d}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:28px 20px 40px;max-width:560px;background:var(--page);color:var(--ink);\
        font:16px/1.6 system-ui,-apple-system,"PingFang SC","Noto Sans SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;\
        -webkit-text-size-adjust:100%}
        h1,h2,p,blockquote,fieldset,legend{margin:0;padding:0;border:0}
        h1{font-size:26px;line-height:1.25;overflow-wrap:anywhere}
        h2,legend{font-size:15px;font-weight:600;margin-bottom:6px}
        .shop{color:var(--soft);margin-bottom:4px;overflow-wrap:anywhere}
        section,fieldset{margin-top:16px;padding:16px;background:var(--sheet);border:1px solid var(--line);border-radius:12px;\
        min-width:0}
        legend{float:left;width:100%}
        legend+*{clear:both}
        .wrap{padding:36px 20px;text-align:center;border-color:var(--good)}
        .wrap svg{display:block;margin:0 auto 16px;width:96px;height:96px;color:var(--accent)}
        .wrap img{display:block;width:100%;max-height:240px;margin:0 0 16px;object-fit:cover;border-radius:8px}
        blockquote{margin-top:12px;font-size:18px;overflow-wrap:anywhere;white-space:pre-wrap}
        .state{display:grid;gap:2px;margin-top:16px;padding:14px 16px;border-radius:12px}
        .state strong{font-size:18px}
        .good{background:var(--good-back);color:var(--good)}
        .wait{background:var(--wait-back);color:var(--wait)}
        .bad{background:var(--bad-back);color:var(--bad)}
        time,.left{white-space:nowrap;font-variant-numeric:tabular-nums}
        .left{font-weight:600}
        .thing{font-size:20px;font-weight:600;overflow-wrap:anywhere}
        .soft{color:var(--soft);font-size:14px}
        .choice{display:flex;gap:12px;align-items:center;padding:12px 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
        .choice:last-of-type{border-bottom:0}
        .choice input{width:20px;height:20px;margin:0;flex:none;accent-color:var(--accent)}
        .out{color:var(--soft)}
        .field{display:block;margin-top:12px;color:var(--soft);font-size:14px}
        .field input{display:block;width:100%;margin-top:4px;padding:12px;font:inherit;font-size:16px;color:var(--ink);\
        background:var(--page);border:1px solid var(--field);border-radius:8px}
        .pair{display:grid;grid-template-columns:1fr 1fr;gap:0 12px}
        button{display:block;width:100%;margin-top:16px;padding:14px;font:inherit;font-weight:600;color:var(--on-accent);\
        background:var(--accent);border:0;border-radius:12px;cursor:pointer}
        button.quiet{color:var(--bad);background:none;border:1px solid currentColor}
        section+.soft{margin-top:10px}
        button+.soft{margin-top:8px;text-align:center}
        details{margin-top:24px}
        summary{cursor:pointer;padding:10px 0;color:var(--soft);text-align:center}
        footer{margin-top:24px;text-align:center}
        a{display:inline-block;padding:10px 16px;color:var(--accent);text-underline-offset:3px}
        code{font:13px/1.5 ui-monospace,monospace;overflow-wrap:anywhere}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
        """

    /// Counts down what the page says in words, by the browser's own running time: its clock may be wrong.
    static let script = """
        (function(){var e=document.querySelector('[data-left]');if(!e)return;var end=performance.now()+e.dataset.left*1000;\
        function two(n){return(n<10?'0':'')+n}\
        function tick(){var s=Math.max(0,Math.round((end-performance.now())/1000));\
        e.lastElementChild.textContent=two(Math.floor(s/3600))+':'+two(Math.floor(s/60)%60)+':'+two(s%60);e.hidden=false;\
        if(s>0)setTimeout(tick,1000)}tick()})()
        """
}
