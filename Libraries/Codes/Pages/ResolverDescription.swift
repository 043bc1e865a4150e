import Foundation

/// What a GS1-Conformant resolver says of itself at `/.well-known/gs1resolver`, so that machines need not be told.
///
/// It speaks for addresses that stand on packs alone: which host somebody asked for proves nothing.
package struct ResolverDescription: Sendable {
    /// Where it is read.
    package static let path = "/.well-known/gs1resolver"

    private let root: String

    init(root: String) { self.root = root }

    /// The description as JSON, with the members of GS1's schema 1.2.0 that hold here.
    package var json: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(
                try encoder.encode(
                    Document(
                        name: "Siyu", resolverRoot: root, supportedPrimaryKeys: ["01"],
                        supportedLinkType: [Document.LinkType(namespace: "https://gs1.org/voc/", prefix: "gs1:")],
                        linkTypeDefaultCanBeLinkset: false)))
        }
    }

    private struct Document: Encodable {
        struct LinkType: Encodable {
            let namespace: String
            let prefix: String
        }

        let name: String
        let resolverRoot: String
        let supportedPrimaryKeys: [String]
        let supportedLinkType: [LinkType]
        let linkTypeDefaultCanBeLinkset: Bool
    }
}

extension BatchFacts {
    /// Where the addresses of a batch begin, as browsers write it; nil where it has none.
    var root: (host: String, address: String)? {
        let scheme = "https://"
        guard let linkBase, linkBase.count > scheme.count else { return nil }
        let rest = linkBase.dropFirst(scheme.count)
        let host = rest.prefix { $0 != "/" }.lowercased()
        return (host, scheme + host + rest.drop { $0 != "/" })
    }
}
