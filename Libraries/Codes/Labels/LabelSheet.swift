package import Kernel

/// What the symbol of a label says.
package enum LabelContent: String, Sendable, CaseIterable {
    /// The address of the code's page.
    case url
    /// The address as a GS1 Digital Link.
    case gs1
    /// The code alone, for scanners of one's own.
    case code
}

/// The labels of a batch: drawings of its codes, the same bytes every time.
package struct LabelSheet: Sendable {
    /// Labels that are drawn at a time, at most.
    package static let labelsMax = Limit<Int64>(
        100_000, reason: "more are printed from the file of addresses, which the printing machine draws itself")
    /// Labels on a page of A4: 70 by 37 mm each, as they are sold.
    package static let labelsOfPage: Int64 = 24
    /// Labels in one file of pages.
    package static let labelsOfFile: Int64 = 100 * labelsOfPage

    private static let columns = 3
    private static let rows = 8

    private let batch: OpenBatch
    private let level: QRLevel
    /// What stands before the code in the symbol.
    private let prefix: String

    /// Labels of a batch.
    ///
    /// - Throws: ``Problem`` 409 for a batch whose codes somebody else made, 422 for content that the batch has not.
    package init(_ batch: OpenBatch, content: LabelContent = .url, level: QRLevel = .medium) throws(Problem) {
        guard batch.record.imported == nil else {
            throw .conflict(
                "The codes of this batch were imported and are kept as hashes: who made them prints them.",
                code: "codes_imported")
        }
        self.batch = batch
        self.level = level
        let facts = batch.record.facts
        prefix =
            switch content {
            case .url: try facts.linkPrefix(.short)
            case .gs1: try facts.linkPrefix(.gs1)
            case .code: ""
            }
    }

    /// The codes that may be drawn at a time, within the batch.
    ///
    /// - Throws: ``Problem`` 422 where they are none of the batch's, or too many.
    package func check(_ indexes: Range<Int64>) throws(Problem) {
        guard indexes.lowerBound >= 0, !indexes.isEmpty, indexes.upperBound <= batch.record.count else {
            throw .invalid(
                "The batch has the codes 0..\(batch.record.count): choose some of them.", code: "range_outside_batch")
        }
        guard indexes.upperBound - indexes.lowerBound <= Self.labelsMax.value else {
            throw .invalid(
                "At most \(Self.labelsMax.value) labels are drawn at a time: give a smaller range, or write the addresses with the columns index,code,url.",
                code: "too_many_labels")
        }
    }

    /// What the symbol of a code says.
    package func text(at index: Int64) -> String { prefix + batch.cipher.code(at: index).description }

    /// The symbol of a code.
    package func symbol(at index: Int64) throws(QRSymbol.Fault) -> QRSymbol {
        try QRSymbol(text(at: index), level: level)
    }

    /// One label as a file of SVG.
    package func svg(at index: Int64) throws(QRSymbol.Fault) -> String {
        LabelSVG.document(try symbol(at: index), caption: groups(at: index).joined(separator: " "))
    }

    /// Labels as pages of A4: printed from a browser, or printed into a PDF by it.
    ///
    /// One file is HTML and XML alike, without a script and without a file beside it.
    package func html(_ indexes: Range<Int64>) throws(QRSymbol.Fault) -> String {
        var html = """
            <!DOCTYPE html>
            <html xmlns="http://www.w3.org/1999/xhtml" lang="zh-CN">
            <head>
            <meta charset="utf-8" />
            <title>\(batch.record.handle) \(indexes.lowerBound)..\(indexes.upperBound)</title>
            <style>\(Self.style)</style>
            </head>
            <body>

            """
        var first = indexes.lowerBound
        while first < indexes.upperBound {
            let page = first..<min(first + Self.labelsOfPage, indexes.upperBound)
            html += "<div class=\"page\">\n"
            for index in page { html += try label(at: index) }
            html += "</div>\n"
            first = page.upperBound
        }
        html += "</body>\n</html>\n"
        return html
    }

    private func label(at index: Int64) throws(QRSymbol.Fault) -> String {
        let record = batch.record
        let facts = record.facts
        let name = record.productTitle ?? record.label
        let lines = [
            facts.lot.map { "批号 \($0)" }, facts.madeOn.map { "生产日期 \($0)" },
            facts.bestBefore.map { "保质期至 \($0)" },
        ].compactMap { $0 }
        let code = batch.cipher.code(at: index).description
        return """
            <div class="label">\(LabelSVG.inline(try symbol(at: index), title: code))<div class="words">\
            <p class="name">\(Markup.escaped(name))</p>\
            \(lines.map { "<p>\(Markup.escaped($0))</p>" }.joined())\
            <p class="code">\(groups(at: index).map { "<span>\($0)</span>" }.joined(separator: " "))</p>\
            </div></div>

            """
    }

    private func groups(at index: Int64) -> [String] {
        let code = batch.cipher.code(at: index).description
        return stride(from: 0, to: code.count, by: 4).map { String(code.dropFirst($0).prefix(4)) }
    }

    /// 3 × 70 mm are a page's width; 8 × 37 mm leave half a millimetre above and below.
    private static let style = """
        @page{size:A4 portrait;margin:0}
        *{box-sizing:border-box}
        html{-webkit-print-color-adjust:exact;print-color-adjust:exact}
        body{margin:0;background:#fff;color:#000;\
        font:8pt/1.35 "PingFang SC","Noto Sans SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif}
        .page{width:210mm;height:296.9mm;padding-top:.45mm;overflow:hidden;display:grid;\
        grid-template-columns:repeat(\(columns),70mm);grid-auto-rows:37mm;break-after:page}
        .page:last-child{break-after:auto}
        .label{display:flex;align-items:center;gap:2mm;padding:2.5mm 3mm;overflow:hidden}
        .label svg{flex:none;width:30mm;height:30mm}
        .words{min-width:0;max-height:32mm;overflow:hidden}
        p{margin:0}
        .name{font-weight:600;font-size:9pt;max-height:3em;overflow:hidden;overflow-wrap:anywhere}
        .code{margin-top:1mm;font:8pt/1.35 ui-monospace,Menlo,Consolas,monospace}
        .code span{white-space:nowrap}
        @media screen{body{background:#ddd}.page{margin:8mm auto;background:#fff}}
        """
}
