import Mustache

/// The board's HTML.
///
/// Everything it shows comes escaped from a ``BoardPage``, except the charts, which are markup already.
enum BoardTemplate {
    /// The template, parsed once.
    static let parsed = Result { try MustacheTemplate(string: text) }

    private static let text = """
        <!doctype html>
        <html lang="{{languageTag}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>{{title}}</title>
        <link rel="stylesheet" href="{{stylesheet}}">
        </head>
        <body>
        <a class="skip" href="#content">{{words.skip}}</a>
        <header class="top">
          <div class="who">
            <p class="brand">{{brandName}}</p>
            <h1>{{words.board}}</h1>
          </div>
          <nav class="tools" aria-label="{{words.board}}">
            <a href="{{otherLanguage.href}}" lang="{{otherLanguage.tag}}" hreflang="{{otherLanguage.tag}}">{{otherLanguage.name}}</a>
            {{#csrfToken}}
            <form method="post" action="/logout"><input type="hidden" name="csrf" value="{{csrfToken}}"><button class="quiet">{{words.signOut}}</button></form>
            {{/csrfToken}}
          </nav>
        </header>

        <form class="filter" method="get" action="/">
          <input type="hidden" name="lang" value="{{languageCode}}">
          <label><span>{{words.shop}}</span>
            <select name="shop">
              {{#shopChoices}}<option value="{{id}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>
              {{/shopChoices}}
            </select></label>
          <label><span>{{words.from}}</span><input type="date" name="from" value="{{from}}" required></label>
          <label><span>{{words.to}}</span><input type="date" name="to" value="{{to}}" required></label>
          <button>{{words.show}}</button>
          <ul class="presets">
            {{#presets}}<li><a href="{{href}}"{{#isCurrent}} aria-current="true"{{/isCurrent}}>{{name}}</a></li>
            {{/presets}}
          </ul>
        </form>

        <main id="content">
        <p class="scope"><strong>{{scopeName}}</strong> <span>{{rangeText}}</span></p>
        {{#empty}}
        <section class="empty">
          <svg viewBox="0 0 96 64" width="96" height="64" aria-hidden="true"><rect class="s1" x="8" y="36" width="14" height="20" rx="3"/><rect class="s1" x="30" y="26" width="14" height="30" rx="3"/><rect class="s1" x="52" y="32" width="14" height="24" rx="3"/><rect class="s1" x="74" y="16" width="14" height="40" rx="3"/></svg>
          <h2>{{title}}</h2>
          <p>{{text}}</p>
        </section>
        {{/empty}}
        {{#content}}
        <div class="status {{status.kind}}" role="status">
          <span class="icon" aria-hidden="true">{{status.icon}}</span>
          <p><strong>{{status.title}}</strong> <span>{{status.text}}</span> <a href="#identities">{{words.identities}}</a></p>
        </div>

        <section aria-labelledby="figures">
          <h2 id="figures" class="unseen">{{words.figures}}</h2>
          <ul class="figures">
            {{#figures}}
            <li class="figure{{#isLead}} lead{{/isLead}}">
              <h3>{{name}}</h3>
              <p class="value">{{value}}<span class="minor">{{minor}}</span></p>
              <p class="mark {{markKind}}" title="{{identities}}"><span aria-hidden="true">{{markIcon}}</span> {{markText}}{{#note}}<span class="note">{{note}}</span>{{/note}}</p>
            </li>
            {{/figures}}
          </ul>
        </section>

        <section aria-labelledby="trend">
          <h2 id="trend" class="unseen">{{words.trend}}</h2>
          <div class="charts">
            {{#charts}}
            <figure class="chart{{#isLead}} lead{{/isLead}}">
              <figcaption><h3>{{title}}</h3>{{#legend}}<span class="key {{series}}">{{name}}</span>{{/legend}}</figcaption>
              <div class="wide">{{{wide}}}</div>
              <div class="narrow">{{{narrow}}}</div>
            </figure>
            {{/charts}}
          </div>
        </section>

        {{#tables}}
        <section class="sheet" aria-labelledby="{{id}}">
          {{#isFolded}}<details>{{/isFolded}}
          {{#isFolded}}<summary>{{/isFolded}}<h2 id="{{id}}">{{title}}</h2>{{#isFolded}}<span class="hint">{{hint}}</span></summary>{{/isFolded}}
          <div class="scroll" role="region" aria-labelledby="{{id}}" tabindex="0">
          <table>
            <thead><tr><th scope="col">{{head}}</th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}<th scope="col">{{check}}</th></tr></thead>
            <tbody>
            {{#rows}}<tr><th scope="row">{{label}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}<td class="mark {{markKind}}"{{#broken}} title="{{broken}}"{{/broken}}><span aria-hidden="true">{{markIcon}}</span><span class="unseen">{{markText}}</span></td></tr>
            {{/rows}}
            </tbody>
            {{#foot}}<tfoot><tr><th scope="row">{{label}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}<td class="mark {{markKind}}"><span aria-hidden="true">{{markIcon}}</span><span class="unseen">{{markText}}</span></td></tr></tfoot>{{/foot}}
          </table>
          </div>
          {{#isFolded}}</details>{{/isFolded}}
        </section>
        {{/tables}}

        <section class="sheet" aria-labelledby="identities">
          <h2 id="identities">{{words.identities}}</h2>
          <div class="scroll" role="region" aria-labelledby="identities" tabindex="0">
          <table class="wraps">
            <thead><tr><th scope="col">{{words.identity}}</th><th scope="col">{{words.left}}</th><th scope="col">{{words.right}}</th><th scope="col">{{words.difference}}</th><th scope="col">{{words.check}}</th></tr></thead>
            <tbody>
            {{#balances}}<tr><th scope="row">{{sentence}}</th><td>{{left}}</td><td>{{right}}</td><td>{{difference}}</td><td class="mark {{markKind}}"><span aria-hidden="true">{{markIcon}}</span><span class="unseen">{{markText}}</span></td></tr>
            {{/balances}}
            </tbody>
          </table>
          </div>
        </section>
        {{/content}}

        {{#topics}}
        <section class="topic" aria-labelledby="{{id}}">
          <h2 id="{{id}}">{{title}}</h2>
          <p class="scope"><span>{{intro}}</span></p>
          <div class="status {{status.kind}}">
            <span class="icon" aria-hidden="true">{{status.icon}}</span>
            <p><strong>{{status.title}}</strong> <span>{{status.text}}</span>{{#downloads}} <a href="{{href}}">{{name}}</a>{{/downloads}}</p>
          </div>
          <ul class="figures">
            {{#figures}}
            <li class="figure{{#isLead}} lead{{/isLead}}">
              <h3>{{name}}</h3>
              <p class="value">{{value}}<span class="minor">{{minor}}</span></p>
              {{#note}}<p class="mark"><span class="note">{{note}}</span></p>{{/note}}
            </li>
            {{/figures}}
          </ul>
          {{#picture}}
          <div class="charts">
            <figure class="chart lead">
              <figcaption><h3>{{title}}</h3>{{#legend}}<span class="key {{series}}">{{name}}</span>{{/legend}}</figcaption>
              <div class="wide">{{{wide}}}</div>
              <div class="narrow">{{{narrow}}}</div>
            </figure>
          </div>
          {{/picture}}
          {{#tables}}
          <section class="sheet" aria-labelledby="{{id}}">
            {{#isFolded}}<details>{{/isFolded}}
            {{#isFolded}}<summary>{{/isFolded}}<h3 id="{{id}}" class="name">{{title}}</h3>{{#isFolded}}<span class="hint">{{hint}}</span></summary>{{/isFolded}}
            <div class="scroll" role="region" aria-labelledby="{{id}}" tabindex="0">
            <table class="plain">
              <thead><tr><th scope="col">{{head}}</th>{{#columns}}<th scope="col">{{.}}</th>{{/columns}}</tr></thead>
              <tbody>
              {{#rows}}<tr><th scope="row">{{label}}</th>{{#cells}}<td>{{.}}</td>{{/cells}}</tr>
              {{/rows}}
              </tbody>
            </table>
            </div>
            {{#isFolded}}</details>{{/isFolded}}
          </section>
          {{/tables}}
          <section class="sheet">
            <details>
            <summary><h3 class="name">{{words.identities}}</h3></summary>
            <div class="scroll" role="region" tabindex="0">
            <table class="wraps">
              <thead><tr><th scope="col">{{words.identity}}</th><th scope="col">{{words.left}}</th><th scope="col">{{words.right}}</th><th scope="col">{{words.difference}}</th><th scope="col">{{words.check}}</th></tr></thead>
              <tbody>
              {{#balances}}<tr><th scope="row">{{sentence}}</th><td>{{left}}</td><td>{{right}}</td><td>{{difference}}</td><td class="mark {{markKind}}"><span aria-hidden="true">{{markIcon}}</span><span class="unseen">{{markText}}</span></td></tr>
              {{/balances}}
              </tbody>
            </table>
            </div>
            </details>
          </section>
        </section>
        {{/topics}}

        <section class="sheet words" aria-labelledby="dictionary">
          <details>
          <summary><h2 id="dictionary">{{words.dictionary}}</h2></summary>
          <dl>
            {{#dictionary}}<div><dt>{{name}}</dt><dd>{{definition}}</dd></div>
            {{/dictionary}}
          </dl>
          </details>
        </section>
        </main>

        <footer>
          <h2 class="unseen">{{words.notes}}</h2>
          <dl class="facts">
            {{#facts}}<div><dt>{{name}}</dt><dd{{#full}} title="{{full}}"{{/full}}>{{value}}</dd></div>
            {{/facts}}
          </dl>
          <p class="downloads">{{words.download}} {{#downloads}}<a href="{{href}}">{{name}}</a> {{/downloads}}</p>
        </footer>
        </body>
        </html>
        """
}
