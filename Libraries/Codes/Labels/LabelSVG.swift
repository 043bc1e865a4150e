/// A symbol as a vector drawing, one module wide for each of its units.
enum LabelSVG {
    /// How wide a module is printed: two dots at 120 dots an inch, which any phone reads at arm's length.
    static let moduleMillimetres = 0.5
    /// Below the symbol: a line of characters three modules high, and a module of air.
    private static let captionModules = 4

    /// A file of its own: the symbol on white, and below it what a person types.
    static func document(_ symbol: QRSymbol, caption: String) -> String {
        let (width, height) = (symbol.outerSide, symbol.outerSide + captionModules)
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <svg xmlns="http://www.w3.org/2000/svg" width="\(millimetres(width))mm" height="\(millimetres(height))mm" \
            viewBox="0 0 \(width) \(height)">
            <rect width="\(width)" height="\(height)" fill="#fff"/>
            <path d="\(symbol.path)" fill="#000" shape-rendering="crispEdges"/>
            <text x="\(QRSymbol.quietZone)" y="\(symbol.outerSide)" textLength="\(symbol.side)" \
            lengthAdjust="spacingAndGlyphs" font-family="monospace" font-size="2.4" fill="#000">\
            \(Markup.escaped(caption))</text>
            </svg>

            """
    }

    /// A part of a page: the symbol alone.
    static func inline(_ symbol: QRSymbol, title: String) -> String {
        let side = symbol.outerSide
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" role="img" \
            aria-label="\(Markup.escaped(title))"><rect width="\(side)" height="\(side)" fill="#fff"/>\
            <path d="\(symbol.path)" fill="#000" shape-rendering="crispEdges"/></svg>
            """
    }

    private static func millimetres(_ modules: Int) -> String {
        let tenths = Int((Double(modules) * moduleMillimetres * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
