package import Foundation
package import Kernel

/// The file in which a brand writes a draw down, as JSON.
///
/// ```
/// {"code": "spring", "name": "Spring draw", "mode": "odds", "entries_max": 100000, "per_person_max": 2,
///  "starts_at": "2026-12-01T00:00:00+08:00", "ends_at": "2027-01-01T00:00:00+08:00", "claim_days": 30,
///  "prizes": [{"name": "Bottle", "kind": "item", "cost": "5.00", "stock": 100, "day_stock": 10, "odds_ppm": 2000},
///             {"name": "10 points", "kind": "points", "points": 10, "cost": "0.10", "stock": 5000, "odds_ppm": 50000}]}
/// ```
///
/// A member that is not known is refused: a promise must not be lost by a slip of the pen.
package struct CampaignFile: Hashable, Sendable {
    /// What is asked for; days and depths that a policy gives are zero.
    private let terms: DrawTerms
    /// For how many days a thing that was won is kept; nil for what the brand's policy says.
    package let claimDays: Int32?

    /// How many prizes a draw has at most.
    package static let prizesMax = Limit(
        50, reason: "each entry looks at all of them; a table of rules has fewer lines")
    /// How many draws a person may have without a right.
    package static let perPersonMax = Limit<Int32>(1_000, reason: "a cap above it caps nobody")

    /// Reads a file.
    ///
    /// - Throws: ``Problem`` 422 that names what is wrong.
    package static func read(_ bytes: Data) throws(Problem) -> CampaignFile {
        let form: Form
        do {
            form = try JSONDecoder().decode(Form.self, from: bytes)
        } catch let error as DecodingError {
            throw .malformed(error.sentence)
        } catch {
            throw .malformed("it is no JSON")
        }
        var tiers: [DrawTier] = []
        for (offset, prize) in form.prizes.enumerated() { tiers.append(try prize.tier(Int32(clamping: offset + 1))) }
        let file = CampaignFile(
            terms: DrawTerms(
                code: form.code, name: form.name, mode: form.mode, entriesMax: form.entriesMax,
                perPersonMax: form.perPersonMax, redrawDepthMax: 0, claimDays: 0, startsAt: form.startsAt,
                endsAt: form.endsAt, tiers: tiers), claimDays: form.claimDays)
        try file.check()
        return file
    }

    /// A wish in its parts, unchecked until ``check()``; what policies say comes with ``terms(claimDays:redrawDepthMax:)``.
    package init(terms: DrawTerms, claimDays: Int32?) {
        var terms = terms
        terms.claimDays = 0
        terms.redrawDepthMax = 0
        self.terms = terms
        self.claimDays = claimDays
    }

    /// What the draw is called in paths.
    package var code: String { terms.code }
    /// The first instant.
    package var startsAt: Date { terms.startsAt }
    /// The end.
    package var endsAt: Date { terms.endsAt }
    /// The dearest of its prizes.
    package var topCost: Money { terms.tiers.map(\.cost).max() ?? .zero }
    /// Whether a right to draw again is among its prizes.
    package var grantsRights: Bool { terms.tiers.contains { $0.kind == .redraw } }

    /// The terms that are published.
    package func terms(claimDays days: Int32, redrawDepthMax: Int32) -> DrawTerms {
        var terms = terms
        terms.claimDays = claimDays ?? days
        terms.redrawDepthMax = redrawDepthMax
        return terms
    }
}

// MARK: - Rules

extension CampaignFile {
    /// Refuses what makes no sense.
    ///
    /// - Throws: ``Problem`` 422 that says what to change.
    package func check() throws(Problem) {
        guard terms.code.wholeMatch(of: /[a-z0-9][a-z0-9\-]{0,39}/) != nil else {
            throw .malformed("`code` has 1 to 40 small letters, digits and hyphens, no hyphen first")
        }
        guard terms.name.isShortLine else { throw .malformed("`name` has 1 to 80 characters, no control characters") }
        guard (1...CodeCipher.countMax).contains(terms.entriesMax) else {
            throw .malformed("`entries_max` is 1 to \(CodeCipher.countMax)")
        }
        guard (0...Self.perPersonMax.value).contains(terms.perPersonMax) else {
            throw .malformed(
                "`per_person_max` is 0 to \(Self.perPersonMax.value); with 0, people draw by rights alone")
        }
        if let claimDays, !RuleTerms.claimDaysRange.contains(claimDays) {
            throw .malformed(
                "`claim_days` is \(RuleTerms.claimDaysRange.lowerBound) to \(RuleTerms.claimDaysRange.upperBound)")
        }
        guard terms.startsAt < terms.endsAt else { throw .malformed("`ends_at` comes after `starts_at`") }
        guard (1...Self.prizesMax.value).contains(terms.tiers.count) else {
            throw .malformed("`prizes` has 1 to \(Self.prizesMax.value) members")
        }
        for tier in terms.tiers { try tier.check() }
        switch terms.mode {
        case .ranks: try checkRanks()
        case .odds: try checkOdds()
        }
        guard (try? terms.tiers.map { try $0.cost * Int(clamping: $0.stock) }.sum()) != nil else {
            throw .malformed("all prizes together cost more than can be booked")
        }
    }

    private func checkRanks() throws(Problem) {
        guard terms.tiers.allSatisfy({ $0.dayStock == nil && $0.oddsPPM == nil }) else {
            throw .malformed(
                "`day_stock` and `odds_ppm` are for draws by odds: by ranks the counts are exact as they are")
        }
        var left = terms.entriesMax
        for tier in terms.tiers {
            guard tier.stock <= left else { throw .malformed("there are more prizes than entries: lower `stock`") }
            left -= tier.stock
        }
    }

    private func checkOdds() throws(Problem) {
        var parts: Int64 = 0
        for tier in terms.tiers {
            guard let odds = tier.oddsPPM, odds > 0 else {
                throw .malformed("prize \(tier.tier) needs `odds_ppm`: its chance in a million, above zero")
            }
            parts += Int64(odds)
            if let dayStock = tier.dayStock, !(1...tier.stock).contains(dayStock) {
                throw .malformed("prize \(tier.tier): `day_stock` is 1 to its `stock`")
            }
        }
        guard parts <= Int64(DrawOracle.oddsParts) else {
            throw .malformed("the chances of all prizes together are above a million: lower `odds_ppm`")
        }
    }
}

extension DrawTier {
    fileprivate func check() throws(Problem) {
        guard name.isShortLine else {
            throw .malformed("prize \(tier) needs a `name` of 1 to 80 characters, no control characters")
        }
        guard kind != .cash else {
            throw .malformed("prize \(tier): the `kind` of a draw's prize is points, coupon, item or redraw")
        }
        guard points >= 0, (points > 0) == (kind == .points) else {
            throw .malformed("prize \(tier): a prize of points says how many, any other prize says none")
        }
        guard (coupon != nil) == (kind == .coupon) else {
            throw .malformed(
                "prize \(tier): a coupon has a `threshold` and `valid_days`, any other prize has neither")
        }
        if let fault = coupon?.fault(off: cost) { throw .malformed("prize \(tier): \(fault)") }
        guard cost > .zero, stock > 0 else {
            throw .malformed(
                "prize \(tier) needs a `cost` of 0.01 at least, by which its stock is counted, and a `stock`")
        }
    }
}

extension String {
    /// Whether a person would call it a name, and two texts that hold it cannot be the same bytes.
    fileprivate var isShortLine: Bool {
        (1...80).contains(unicodeScalars.count) && !unicodeScalars.contains { $0.value < 0x20 }
    }
}

extension Problem {
    fileprivate static func malformed(_ what: String) -> Problem {
        .invalid("The file of the draw: \(what).", code: "draw_malformed")
    }
}

// MARK: - JSON

extension CampaignFile {
    private struct Form: Decodable {
        let code: String
        let name: String
        let mode: DrawMode
        let entriesMax: Int64
        let perPersonMax: Int32
        let startsAt: Date
        let endsAt: Date
        let claimDays: Int32?
        let prizes: [PrizeForm]

        enum CodingKeys: String, CodingKey, CaseIterable {
            case code, name, mode, prizes
            case entriesMax = "entries_max"
            case perPersonMax = "per_person_max"
            case startsAt = "starts_at"
            case endsAt = "ends_at"
            case claimDays = "claim_days"
        }

        init(from decoder: any Decoder) throws {
            try AnyKey.refuseUnknown(in: decoder, known: CodingKeys.allCases)
            let members = try decoder.container(keyedBy: CodingKeys.self)
            code = try members.decode(String.self, forKey: .code)
            name = try members.decode(String.self, forKey: .name)
            mode = try members.decode(DrawMode.self, forKey: .mode)
            entriesMax = try members.decode(Int64.self, forKey: .entriesMax)
            perPersonMax = try members.decode(Int32.self, forKey: .perPersonMax)
            startsAt = try Self.instant(.startsAt, in: members)
            endsAt = try Self.instant(.endsAt, in: members)
            claimDays = try members.decodeIfPresent(Int32.self, forKey: .claimDays)
            prizes = try members.decode([PrizeForm].self, forKey: .prizes)
        }

        /// Read here, so that a slip is named by its member.
        private static func instant(
            _ key: CodingKeys, in members: KeyedDecodingContainer<CodingKeys>
        ) throws -> Date {
            // Why it is no instant makes no difference to the sentence.
            guard let date = try? Date(members.decode(String.self, forKey: key), strategy: .iso8601) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: members, debugDescription: "no instant")
            }
            return date
        }
    }

    private struct PrizeForm: Decodable {
        let name: String
        let kind: PrizeKind
        let points: Int32?
        let cost: String
        let stock: Int64
        let dayStock: Int64?
        let oddsPPM: Int32?
        let threshold: String?
        let validDays: Int32?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case name, kind, points, cost, stock, threshold
            case dayStock = "day_stock"
            case validDays = "valid_days"
            case oddsPPM = "odds_ppm"
        }

        init(from decoder: any Decoder) throws {
            try AnyKey.refuseUnknown(in: decoder, known: CodingKeys.allCases)
            let members = try decoder.container(keyedBy: CodingKeys.self)
            name = try members.decode(String.self, forKey: .name)
            kind = try members.decode(PrizeKind.self, forKey: .kind)
            points = try members.decodeIfPresent(Int32.self, forKey: .points)
            cost = try members.decode(String.self, forKey: .cost)
            stock = try members.decode(Int64.self, forKey: .stock)
            dayStock = try members.decodeIfPresent(Int64.self, forKey: .dayStock)
            oddsPPM = try members.decodeIfPresent(Int32.self, forKey: .oddsPPM)
            threshold = try members.decodeIfPresent(String.self, forKey: .threshold)
            validDays = try members.decodeIfPresent(Int32.self, forKey: .validDays)
        }

        func tier(_ number: Int32) throws(Problem) -> DrawTier {
            guard let cost = Money(yuan: cost) else {
                throw .malformed("prize \(number): `cost` is yuan with at most two decimals, in quotation marks")
            }
            return DrawTier(
                tier: number, name: name, kind: kind, points: points ?? 0, cost: cost, stock: stock, dayStock: dayStock,
                oddsPPM: oddsPPM, coupon: try coupon(number))
        }

        private func coupon(_ number: Int32) throws(Problem) -> CouponTerms? {
            if threshold == nil, validDays == nil { return nil }
            guard let threshold = threshold.flatMap({ Money(yuan: $0) }), let validDays else {
                throw .malformed(
                    "prize \(number): `threshold` is yuan with at most two decimals, in quotation marks, and comes with `valid_days`"
                )
            }
            return CouponTerms(threshold: threshold, days: validDays)
        }
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }

        static func refuseUnknown(in decoder: any Decoder, known: [some CodingKey]) throws {
            let names = Set(known.map(\.stringValue))
            guard
                let stranger = try decoder.container(keyedBy: AnyKey.self).allKeys.first(where: {
                    !names.contains($0.stringValue)
                })
            else { return }
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath + [stranger], debugDescription: "unknown"))
        }
    }
}

extension DecodingError {
    /// Where the file is wrong, in half a sentence.
    fileprivate var sentence: String {
        func place(_ path: [any CodingKey]) -> String {
            path.reduce("") { text, key in
                key.intValue.map { "\(text)[\($0)]" } ?? (text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)")
            }
        }
        switch self {
        case .keyNotFound(let key, let context): return "`\(place(context.codingPath + [key]))` is missing"
        case .dataCorrupted(let context) where context.debugDescription == "unknown":
            return "`\(place(context.codingPath))` is no member of it"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return context.codingPath.isEmpty
                ? "it is no JSON object" : "`\(place(context.codingPath))` cannot be read as what belongs there"
        @unknown default: return "it cannot be read"
        }
    }
}
