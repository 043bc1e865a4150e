import Mustache

/// The HTML of the queue's console.
///
/// Everything that it shows comes escaped from a ``ConsolePage``.
enum ConsoleTemplate {
    /// The template, parsed once.
    static let parsed = Result {
        try MustacheTemplate(string: head + overview + list + job + redrive + pause + rules + audit + foot)
    }

    private static let head = """
        <!doctype html>
        <html lang="{{languageTag}}">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        {{#refresh}}<meta http-equiv="refresh" content="{{refresh}}">{{/refresh}}
        <title>{{title}}</title>
        <link rel="stylesheet" href="{{stylesheet}}">
        </head>
        <body>
        <a class="skip" href="#content">{{words.skip}}</a>
        <header class="top">
          <div class="who">
            <p class="brand">Siyu{{#person}} · {{person}}{{/person}}</p>
            <h1>{{heading}}</h1>
          </div>
          <nav class="tools" aria-label="Siyu">
            <a href="{{otherLanguage.href}}" lang="{{otherLanguage.tag}}" hreflang="{{otherLanguage.tag}}">{{otherLanguage.name}}</a>
            {{#csrfToken}}<form method="post" action="/logout"><input type="hidden" name="csrf" value="{{csrfToken}}"><button class="quiet">{{words.signOut}}</button></form>{{/csrfToken}}
          </nav>
        </header>
        {{#csrfToken}}<nav class="tabs" aria-label="{{words.pages}}">
          <ul>{{#tabs}}<li><a href="{{href}}"{{#isCurrent}} aria-current="page"{{/isCurrent}}>{{name}}</a></li>{{/tabs}}</ul>
        </nav>{{/csrfToken}}
        <main id="content">
        {{#message}}
        <div class="status {{kind}}" role="status"><span class="icon" aria-hidden="true">{{icon}}</span><p><strong>{{text}}</strong></p></div>
        {{/message}}
        {{#notice}}
        <section class="empty"><p>{{text}}</p><p><a href="{{href}}">{{back}}</a></p></section>
        {{/notice}}

        """

    private static let overview = """
        {{#overview}}
        <p class="asof">{{asOf}} <span>{{refreshLabel}}: {{#refreshes}}<a href="{{href}}"{{#isCurrent}} aria-current="true"{{/isCurrent}}>{{name}}</a> {{/refreshes}}</span></p>
        {{#trouble}}<div class="status wait" role="status"><span class="icon" aria-hidden="true">!</span><p><strong>{{trouble}}</strong></p></div>{{/trouble}}
        {{#hasQueues}}
        <ul class="figures">
          {{#tiles}}<li class="figure"><h2>{{name}}</h2><p class="value {{kind}}">{{value}}</p></li>
          {{/tiles}}
        </ul>
        <section class="sheet" aria-labelledby="queues">
          <h2 id="queues">{{words.queues}}</h2>
          <table class="cards counts">
            <thead><tr><th scope="col">{{words.queue}}</th><th scope="col" class="n">{{words.ready}}</th><th scope="col" class="n">{{words.running}}</th><th scope="col" class="n">{{words.waiting}}</th><th scope="col" class="n">{{words.discarded}}</th><th scope="col" class="n">{{words.late}}</th><th scope="col" class="n">{{words.rate}}</th><th scope="col">{{words.state}}</th><th scope="col"><span class="unseen">{{words.act}}</span></th></tr></thead>
            <tbody>
            {{#queues}}<tr>
              <th scope="row">{{name}}</th>
              {{#cells}}<td data-label="{{label}}" class="{{kind}}"><span>{{#href}}<a href="{{href}}">{{text}}</a>{{/href}}{{^href}}{{text}}{{/href}}{{#note}}<small>{{note}}</small>{{/note}}</span></td>
              {{/cells}}
              <td data-label="{{stateLabel}}" class="state {{stateKind}}"><span>{{state}}{{#stateNote}}<small>{{stateNote}}</small>{{/stateNote}}</span></td>
              <td class="do"><a class="button" href="{{pauseHref}}" aria-label="{{pauseName}}">{{words.pause}}</a></td>
            </tr>
            {{/queues}}
            </tbody>
          </table>
        </section>
        {{/hasQueues}}
        {{#empty}}<section class="empty"><p>{{empty}}</p></section>{{/empty}}

        <section class="sheet" aria-labelledby="pauses">
          <h2 id="pauses">{{words.pauses}}</h2>
          {{#noPauses}}<p class="nothing">{{noPauses}}</p>{{/noPauses}}
          {{#hasPauses}}
          <ul class="items">
          {{#pauses}}<li>
            <h3>{{target}}</h3>
            <p>{{author}} · {{reason}}</p>
            <p class="hint">{{words.since}} {{since}} · {{until}} · {{held}}</p>
            <details><summary>{{words.resume}}</summary>
            <form class="act" method="post" action="{{action}}">
              <input type="hidden" name="csrf" value="{{csrfToken}}">
              <label><span>{{words.resumeWhy}}</span><input name="reason" required maxlength="300" autocomplete="off"></label>
              <button>{{words.resumeNow}}</button>
            </form></details>
          </li>{{/pauses}}
          </ul>
          {{/hasPauses}}
          <p class="nothing"><a class="button" href="{{pauseHref}}">{{words.pauseOther}}</a></p>
        </section>

        <section class="sheet" aria-labelledby="discards">
          <h2 id="discards">{{words.discards}}</h2>
          {{#noDiscards}}<p class="nothing">{{noDiscards}}</p>{{/noDiscards}}
          {{#hasDiscards}}
          <table class="cards">
            <thead><tr><th scope="col">{{words.kind}}</th><th scope="col">{{words.queue}}</th><th scope="col">{{words.reason}}</th><th scope="col" class="n">{{words.count}}</th><th scope="col">{{words.last}}</th><th scope="col"><span class="unseen">{{words.act}}</span></th></tr></thead>
            <tbody>
            {{#discards}}<tr>
              <th scope="row"><a href="{{href}}">{{kind}}</a>{{#error}}<small class="error">{{error}}</small>{{/error}}</th>
              {{#cells}}<td data-label="{{label}}" class="{{kind}}"><span>{{text}}</span></td>
              {{/cells}}
              <td class="do"><a class="button" href="{{redriveHref}}" aria-label="{{words.redrive}} {{kind}}">{{words.redrive}}</a></td>
            </tr>
            {{/discards}}
            </tbody>
          </table>
          {{/hasDiscards}}
        </section>
        {{/overview}}

        """

    private static let list = """
        {{#list}}
        <form class="filter" method="get" action="/jobs">
          <input type="hidden" name="lang" value="{{languageCode}}"><input type="hidden" name="state" value="{{state}}">
          <label><span>{{words.queue}}</span><select name="queue">{{#queues}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/queues}}</select></label>
          {{#hasReasons}}<label><span>{{words.reason}}</span><select name="reason">{{#reasons}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/reasons}}</select></label>{{/hasReasons}}
          {{#hasKind}}<label><span>{{words.kind}}</span><input name="kind" value="{{kind}}" maxlength="200" autocomplete="off" spellcheck="false"></label>{{/hasKind}}
          <button>{{words.open}}</button>
          {{#redrive}}<a class="button" href="{{redrive}}">{{words.redrive}}</a>{{/redrive}}
        </form>
        <section class="sheet" aria-label="{{stateName}}">
          {{#none}}<p class="nothing">{{none}}</p>{{/none}}
          {{#hasRows}}
          <table class="cards">
            <thead><tr><th scope="col">{{words.job}}</th>{{#columns}}<th scope="col" class="{{kind}}">{{name}}</th>{{/columns}}</tr></thead>
            <tbody>
            {{#rows}}<tr>
              <th scope="row"><a href="{{href}}">{{kind}}</a><small class="id">{{id}}</small>{{#error}}<small class="error">{{error}}</small>{{/error}}</th>
              {{#cells}}<td data-label="{{label}}" class="{{kind}}"><span>{{text}}{{#note}}<small>{{note}}</small>{{/note}}</span></td>
              {{/cells}}
            </tr>
            {{/rows}}
            </tbody>
          </table>
          {{/hasRows}}
        </section>
        <nav class="pager" aria-label="{{words.pages}}">{{#first}}<a class="button" href="{{first}}">{{words.first}}</a>{{/first}}{{#next}}<a class="button" rel="next" href="{{next}}">{{words.next}}</a>{{/next}}</nav>
        {{/list}}

        """

    private static let job = """
        {{#job}}
        <p class="scope"><span class="id">{{id}}</span></p>
        <div class="status {{status.kind}}" role="status"><span class="icon" aria-hidden="true">{{status.icon}}</span><p><strong>{{status.text}}</strong></p></div>
        {{#progress}}
        <section class="sheet" aria-labelledby="progress">
          <h2 id="progress">{{words.progress}}</h2>
          <p class="nothing">{{#total}}<progress max="{{total}}" value="{{done}}" aria-labelledby="progress"></progress> {{/total}}{{text}}</p>
        </section>
        {{/progress}}
        <section class="sheet" aria-labelledby="facts">
          <h2 id="facts">{{words.facts}}</h2>
          <dl class="details">
            {{#facts}}<div><dt>{{label}}</dt><dd>{{#href}}<a href="{{href}}">{{text}}</a>{{/href}}{{^href}}{{text}}{{/href}}</dd></div>
            {{/facts}}
            {{#hasNeeds}}<div class="all"><dt>{{words.needs}}</dt><dd><ul>{{#needs}}<li><a class="id" href="{{href}}">{{name}}</a> {{tag}}</li>{{/needs}}</ul></dd></div>{{/hasNeeds}}
            {{#error}}<div class="all"><dt>{{words.error}}</dt><dd class="error">{{error}}</dd></div>{{/error}}
          </dl>
          <p class="nothing hint">{{words.payload}}</p>
        </section>
        <section class="sheet" aria-labelledby="attempts">
          <h2 id="attempts">{{words.attempts}}</h2>
          {{#noAttempts}}<p class="nothing">{{noAttempts}}</p>{{/noAttempts}}
          {{#hasAttempts}}
          <ol class="items">
          {{#attempts}}<li><h3>{{run}} · {{at}}</h3><p class="error">{{error}}</p></li>
          {{/attempts}}
          </ol>
          {{/hasAttempts}}
        </section>
        {{#act}}
        <section class="sheet" aria-labelledby="act">
          <h2 id="act">{{words.act}}</h2>
          <form class="act" method="post" action="{{action}}">
            <input type="hidden" name="csrf" value="{{csrfToken}}">
            <label><span>{{words.whyAct}}</span><input name="reason" required maxlength="300" autocomplete="off"></label>
            <button>{{name}}</button>
            <p class="hint">{{hint}}</p>
          </form>
        </section>
        {{/act}}
        {{/job}}

        """

    private static let redrive = """
        {{#redrive}}
        <form class="filter" method="get" action="/jobs/redrive">
          <input type="hidden" name="lang" value="{{languageCode}}">
          <label><span>{{words.queue}}</span><select name="queue">{{#queues}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/queues}}</select></label>
          <label><span>{{words.reason}}</span><select name="reason">{{#reasons}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/reasons}}</select></label>
          <label><span>{{words.kind}}</span><input name="kind" value="{{kind}}" maxlength="200" autocomplete="off" spellcheck="false"></label>
          <button>{{words.preview}}</button>
        </form>
        <p class="asof">{{intro}}</p>
        <section class="sheet" aria-label="{{total}}">
          <h2>{{total}}</h2>
          {{#none}}<p class="nothing">{{none}}</p>{{/none}}
          {{#hasRows}}
          <table class="cards">
            <thead><tr><th scope="col">{{words.kind}}</th><th scope="col">{{words.reason}}</th><th scope="col" class="n">{{words.count}}</th></tr></thead>
            <tbody>
            {{#rows}}<tr><th scope="row">{{kind}}</th>{{#cells}}<td data-label="{{label}}" class="{{kind}}"><span>{{text}}</span></td>{{/cells}}</tr>
            {{/rows}}
            </tbody>
          </table>
          {{/hasRows}}
        </section>
        {{#confirm}}
        <section class="sheet" aria-labelledby="act">
          <h2 id="act">{{words.act}}</h2>
          <form class="act" method="post" action="{{action}}">
            <input type="hidden" name="csrf" value="{{csrfToken}}">
            <input type="hidden" name="queue" value="{{queue}}"><input type="hidden" name="kind" value="{{kind}}"><input type="hidden" name="why" value="{{reason}}">
            <label class="short"><span>{{rateLabel}}</span><input name="rate" type="number" min="1" max="10000" value="10" required></label>
            <label><span>{{words.whyAct}}</span><input name="reason" required maxlength="300" autocomplete="off"></label>
            <button>{{submit}}</button>
            <p class="hint">{{text}}</p>
          </form>
        </section>
        {{/confirm}}
        {{/redrive}}

        """

    private static let pause = """
        {{#pause}}
        <section class="sheet" aria-label="{{heading}}">
          <form class="act" method="post" action="{{action}}">
            <input type="hidden" name="csrf" value="{{csrfToken}}">
            <div class="scopes">
              <label><span>{{words.queue}}</span><select name="queue">{{#queues}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/queues}}</select></label>
              <label><span>{{words.kind}}</span><input name="kind" value="{{kind}}" maxlength="200" autocomplete="off" spellcheck="false"></label>
              <label><span>{{labels.brand}}</span><input name="brand" value="{{brand}}" maxlength="36" pattern="[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}" autocomplete="off" spellcheck="false"></label>
              <label><span>{{labels.quota}}</span><select name="quota">{{#quotas}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/quotas}}</select></label>
            </div>
            <label class="short"><span>{{labels.until}}</span><select name="span">{{#spans}}<option value="{{value}}"{{#isSelected}} selected{{/isSelected}}>{{name}}</option>{{/spans}}</select></label>
            <label><span>{{words.whyAct}}</span><input name="reason" required maxlength="300" autocomplete="off"></label>
            <button>{{labels.submit}}</button>
            <p class="hint">{{hint}} <a href="/jobs?lang={{languageCode}}">{{words.back}}</a></p>
          </form>
        </section>
        {{/pause}}

        """

    private static let rules = """
        {{#rules}}
        {{#trouble}}<div class="status wait" role="status"><span class="icon" aria-hidden="true">!</span><p><strong>{{trouble}}</strong></p></div>{{/trouble}}
        {{#sections}}
        <section class="sheet" aria-labelledby="{{id}}">
          <h2 id="{{id}}">{{name}}</h2>
          {{#none}}<p class="nothing">{{none}}</p>{{/none}}
          {{#hasRows}}
          <table class="cards">
            <thead><tr><th scope="col">{{first}}</th>{{#columns}}<th scope="col" class="{{kind}}">{{name}}</th>{{/columns}}<th scope="col"><span class="unseen">{{words.act}}</span></th></tr></thead>
            <tbody>
            {{#rows}}<tr>
              <th scope="row">{{name}}<small>{{detail}}</small></th>
              {{#cells}}<td data-label="{{label}}" class="{{kind}}"><span>{{text}}{{#note}}<small>{{note}}</small>{{/note}}</span></td>
              {{/cells}}
              <td class="do">{{#pauseHref}}<a class="button" href="{{pauseHref}}" aria-label="{{pauseName}}">{{words.pause}}</a>{{/pauseHref}}</td>
            </tr>
            {{/rows}}
            </tbody>
          </table>
          {{/hasRows}}
        </section>
        <nav class="pager" aria-label="{{words.pages}} · {{name}}">{{#firstHref}}<a class="button" href="{{firstHref}}">{{firstName}}</a>{{/firstHref}}{{#nextHref}}<a class="button" rel="next" href="{{nextHref}}">{{nextName}}</a>{{/nextHref}}</nav>
        {{/sections}}
        {{/rules}}

        """

    private static let audit = """
        {{#audit}}
        <section class="sheet" aria-label="{{heading}}">
          {{#none}}<p class="nothing">{{none}}</p>{{/none}}
          {{#hasRows}}
          <table class="cards">
            <thead><tr><th scope="col">{{words.time}}</th><th scope="col">{{words.author}}</th><th scope="col">{{words.action}}</th><th scope="col">{{words.target}}</th><th scope="col" class="n">{{words.count}}</th><th scope="col">{{words.why}}</th></tr></thead>
            <tbody>
            {{#rows}}<tr><th scope="row">{{at}}</th>{{#cells}}<td data-label="{{label}}" class="{{kind}}"><span>{{text}}</span></td>{{/cells}}</tr>
            {{/rows}}
            </tbody>
          </table>
          {{/hasRows}}
        </section>
        <nav class="pager" aria-label="{{words.pages}}">{{#first}}<a class="button" href="{{first}}">{{words.first}}</a>{{/first}}{{#next}}<a class="button" rel="next" href="{{next}}">{{words.next}}</a>{{/next}}</nav>
        {{/audit}}

        """

    private static let foot = """
        </main>
        </body>
        </html>
        """
}
