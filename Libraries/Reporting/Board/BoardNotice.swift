package import Kernel
import Mustache

/// The page that stands where a board cannot: why, and the way back.
package struct BoardNotice: Sendable {
    let languageTag: String
    let stylesheet: String
    let title: String
    let text: String
    let back: String
    let backHref: String

    /// The page of a refusal.
    package init(_ problem: Problem, _ options: BoardOptions) {
        let words = BoardWords(language: options.language)
        languageTag = words.languageTag
        stylesheet = options.stylesheet
        title = words.refusedTitle
        text = words.refusal(problem)
        back = words.back
        backHref = "/?lang=\(options.language.rawValue)"
    }

    /// The page as HTML.
    ///
    /// - Throws: The template's error, if the template itself were broken.
    package func html() throws -> String { try Self.template.get().render(self) }

    private static let template = Result {
        try MustacheTemplate(
            string: """
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
                <main class="notice"><section class="empty">
                  <h1>{{title}}</h1>
                  <p>{{text}}</p>
                  <p><a href="{{backHref}}">{{back}}</a></p>
                </section></main>
                </body>
                </html>
                """)
    }
}
