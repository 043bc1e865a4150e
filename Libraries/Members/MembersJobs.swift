package import Foundation
import Jobs
package import Kernel

/// The job that makes members of those who redeemed, and writes down that they did; siyu-redeem works it.
///
/// Its parameters stand here, below the rooms that push it and the one that works it. Ids alone: nothing that a person could be known by.
/// They are packed, 33 or 49 bytes to a redemption, because every transaction of scans writes them while people wait.
package struct TouchRecord: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "touch.record"
    /// The queue of the room Touch.
    package static let jobQueue = "touch"

    /// Somebody redeemed a code on a pack.
    package struct Pack: Hashable, Sendable {
        /// Who, within one app.
        package let person: ID<Person>
        /// Who, across apps.
        package let unionPerson: ID<Person>?
        /// The redemption.
        package let redemption: ID<Redemption>
        /// On a pack of which batch.
        package let batch: ID<CodeBatch>
        /// Of which product.
        package let product: ID<Product>?
        /// For which shop.
        package let shop: ID<Shop>?

        /// A redemption in its parts.
        package init(
            person: ID<Person>, unionPerson: ID<Person>?, redemption: ID<Redemption>, batch: ID<CodeBatch>,
            product: ID<Product>?, shop: ID<Shop>?
        ) {
            self.person = person
            self.unionPerson = unionPerson
            self.redemption = redemption
            self.batch = batch
            self.product = product
            self.shop = shop
        }
    }

    /// The tenant.
    package let brand: ID<Brand>
    /// When they redeemed: all of one transaction, so at one instant.
    package let at: Date
    /// What happened; read back, those of a batch stand together.
    package let packs: [Pack]

    /// Asks for redemptions to be recorded.
    package init(brand: ID<Brand>, at: Date, packs: [Pack]) {
        self.brand = brand
        self.at = at
        self.packs = packs
    }
}

extension TouchRecord: Codable {
    private enum CodingKeys: String, CodingKey {
        case brand, at, batches
    }

    /// What redemptions of a batch share, and the rest of them in base64.
    private struct Group: Codable {
        let batch: ID<CodeBatch>
        let product: ID<Product>?
        let shop: ID<Shop>?
        let packs: String
    }

    /// Reads what ``encode(to:)`` wrote.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        brand = try container.decode(ID<Brand>.self, forKey: .brand)
        at = try container.decode(Date.self, forKey: .at)
        packs = try container.decode([Group].self, forKey: .batches).flatMap { group in
            guard let bytes = Data(base64Encoded: group.packs), let packs = Self.unpack(Array(bytes), group) else {
                throw DecodingError.dataCorruptedError(
                    forKey: .batches, in: container, debugDescription: "The redemptions of a batch are cut off.")
            }
            return packs
        }
    }

    /// Writes redemptions by batch.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(brand, forKey: .brand)
        try container.encode(at, forKey: .at)
        var places: [ID<CodeBatch>: Int] = [:]
        var groups: [[Pack]] = []
        for pack in packs {
            if let place = places[pack.batch] {
                groups[place].append(pack)
            } else {
                places[pack.batch] = groups.count
                groups.append([pack])
            }
        }
        try container.encode(
            groups.map {
                Group(
                    batch: $0[0].batch, product: $0[0].product, shop: $0[0].shop,
                    packs: Data(Self.pack($0)).base64EncodedString())
            }, forKey: .batches)
    }

    private static func pack(_ packs: [Pack]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(packs.count * 49)
        func add(_ id: UUID) { withUnsafeBytes(of: id.uuid) { bytes.append(contentsOf: $0) } }
        for pack in packs {
            bytes.append(pack.unionPerson == nil ? 0 : 1)
            add(pack.redemption.rawValue)
            add(pack.person.rawValue)
            if let union = pack.unionPerson { add(union.rawValue) }
        }
        return bytes
    }

    /// Nil for bytes that end within a redemption.
    private static func unpack(_ bytes: [UInt8], _ group: Group) -> [Pack]? {
        var rest = bytes[...]
        func id() -> UUID? {
            guard rest.count >= 16 else { return nil }
            let part = rest.prefix(16)
            rest = rest.dropFirst(16)
            return part.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
        }
        var packs: [Pack] = []
        while let flag = rest.popFirst() {
            guard flag <= 1, let redemption = id(), let person = id() else { return nil }
            var union: UUID?
            if flag == 1 {
                guard let told = id() else { return nil }
                union = told
            }
            packs.append(
                Pack(
                    person: ID(rawValue: person), unionPerson: union.map(ID.init(rawValue:)),
                    redemption: ID(rawValue: redemption), batch: group.batch, product: group.product, shop: group.shop))
        }
        return packs
    }
}

/// The job that grants a coupon which was won; siyu-redeem works it.
///
/// Its parameters stand here, below the room that pushes it and the one that works it. They carry all terms: what was promised when it was won
/// is what its winner gets.
package struct CouponGrant: JobParameters {
    /// Stable: jobs of an older process carry it.
    package static let jobName = "coupon.grant"
    /// The queue of coupons.
    package static let jobQueue = "coupons"

    /// The tenant.
    package let brand: ID<Brand>
    /// What won it, a redemption or an entry in a draw: each brings one coupon, which has its id.
    package let cause: UUID
    /// Of which batch, or of which draw.
    package let origin: UUID
    /// Who won.
    package let person: ID<Person>
    /// What the prize is called.
    package let name: String
    /// What it takes off, which is what is owed for the prize.
    package let off: Money
    /// From what an order costs on, before anything is taken off.
    package let threshold: Money
    /// The last instant that counts.
    package let until: Date
    /// Where the prize is owed.
    package let owedAccount: ID<Account>

    /// Asks for a coupon to be granted.
    package init(
        brand: ID<Brand>, cause: UUID, origin: UUID, person: ID<Person>, name: String, off: Money, threshold: Money,
        until: Date, owedAccount: ID<Account>
    ) {
        self.brand = brand
        self.cause = cause
        self.origin = origin
        self.person = person
        self.name = name
        self.off = off
        self.threshold = threshold
        self.until = until
        self.owedAccount = owedAccount
    }
}
