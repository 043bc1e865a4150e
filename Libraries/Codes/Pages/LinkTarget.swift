import Foundation

/// What a GS1 Digital Link leads to, as a resolver tells it.
package struct LinkTarget: Sendable {
    private let link: DigitalLink
    private let code: GenuineCode

    init(link: DigitalLink, code: GenuineCode) {
        self.link = link
        self.code = code
    }

    /// The path of the code's page.
    package var path: String { PageLinks.path(code.text) }

    /// All that there is behind the link (RFC 9264), as JSON.
    package var linkset: [UInt8] {
        get throws {
            let record = code.batch.record
            let page = Linkset.Target(
                href: base + path, title: record.productTitle ?? record.label, type: "text/html",
                hreflang: CodePageLanguage.allCases.map(\.tag))
            let context = Linkset.Context(
                anchor: base + link.path, itemDescription: record.productTitle ?? record.label,
                defaultLink: [page], pip: [page])
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(Linkset(linkset: [context])))
        }
    }

    /// Where the batch's addresses begin, as browsers write it; nothing where it has none, so that links are relative.
    private var base: String { code.batch.record.facts.root?.address ?? "" }
}

private struct Linkset: Encodable {
    struct Target: Encodable {
        let href: String
        let title: String
        let type: String
        let hreflang: [String]
    }

    struct Context: Encodable {
        let anchor: String
        let itemDescription: String
        let defaultLink: [Target]
        /// Product information page.
        let pip: [Target]

        private enum CodingKeys: String, CodingKey {
            case anchor, itemDescription
            case defaultLink = "https://gs1.org/voc/defaultLink"
            case pip = "https://gs1.org/voc/pip"
        }
    }

    let linkset: [Context]
}

/// What somebody asks a link for.
package enum LinkWish: Hashable, Sendable {
    /// What there is to read.
    case page
    /// All that there is, for machines.
    case linkset
    /// Something that no pack of ours has.
    case other

    /// What a request asks for: the parameter `linkType` before the header `Accept`.
    package init(linkType: String?, accept: String?) {
        switch linkType {
        case "all", "linkset": self = .linkset
        case "gs1:pip", "gs1:defaultLink", "pip", "defaultLink", "https://gs1.org/voc/pip",
            "https://gs1.org/voc/defaultLink":
            self = .page
        case .some: self = .other
        case nil:
            let first = accept?.split(separator: ",").first?.prefix { $0 != ";" }.filter { $0 != " " }
            self = first == "application/linkset+json" || first == "application/json" ? .linkset : .page
        }
    }
}
