import HTTPTypes
package import Hooks
package import Hummingbird

extension HTTPField.Name {
    fileprivate static let forwardedFor = Self(constant: "x-forwarded-for")
}

extension Request {
    /// Where a request comes from: its peer's address, or, where that is a proxy's of ours, what the proxy says.
    ///
    /// A proxy of ours has an address of a private network or of this machine. Each adds to `X-Forwarded-For` whom it was asked by, so that the
    /// last address there which is a stranger's was written by one of ours, whatever stands in front of it. Nil where nobody says.
    package func visitor(_ context: SiyuRequestContext) -> NetworkAddress? {
        guard let peer = context.peer.flatMap({ NetworkAddress($0) }) else { return nil }
        if peer.isPublic { return peer }
        let said = headers[values: .forwardedFor].flatMap { $0.split(separator: ",") }
        for part in said.reversed() {
            let text = part.drop { $0 == " " }.split(separator: " ").first.map(String.init) ?? ""
            guard let address = NetworkAddress(text) else { return nil }
            if address.isPublic { return address }
        }
        return peer
    }
}
