/// A hook on its way.
package struct HookRequest: Sendable {
    /// Where it goes.
    package let url: HookURL
    /// Its headers, names in lower case.
    package let headers: [(name: String, value: String)]
    /// Its body.
    package let body: [UInt8]

    /// A request in its parts.
    package init(url: HookURL, headers: [(name: String, value: String)], body: [UInt8]) {
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// What carries hooks out; tests bring their own.
package protocol HookTransport: Sendable {
    /// Posts a hook.
    ///
    /// - Throws: Only what has nothing to do with the receiver.
    func post(_ request: HookRequest) async throws -> HookAnswer
}
