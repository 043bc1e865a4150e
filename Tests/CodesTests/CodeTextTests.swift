import Codes
import Testing

struct CodeTextTests {
    private let key = BatchKey(Array(0..<32))

    private func cipher() throws -> CodeCipher {
        try CodeCipher(key: #require(key), handle: #require(BatchHandle("K7QX")))
    }

    /// Computed with another implementation of AES and of FF1.
    @Test(arguments: [
        (Int64(0), "K7QX3AE5NMHJEKADES5S"), (1, "K7QX7NH2D41C38DQ6FBD"), (9_999, "K7QXRQEZY480P0GR2ER6"),
        (34_359_738_367, "K7QXDAP3EYHVZXSF0CYG"),
    ])
    func code_ofAnIndex_isAsTheReadmeHasIt(index: Int64, text: String) throws {
        let code = try cipher().code(at: index)

        #expect(code.description == text)
        #expect(try cipher().index(of: try #require(CodeText(text)), count: CodeCipher.countMax) == index)
    }

    @Test(arguments: [
        "k7qx3ae5nmhjekades5s", "K7QX-3AE5-NMHJ-EKAD-ES5S", "k7qx3ae5nmhjekades5s-", "--K7QX3AE5NMHJEKADES5S",
    ])
    func code_asPeopleTypeIt_isRead(text: String) throws {
        let code = try #require(CodeText(text))

        #expect(code.description == "K7QX3AE5NMHJEKADES5S")
    }

    @Test func lookAlikes_areReadAsCrockfordSays() throws {
        #expect(CodeText("IiLlOo00000000000000")?.description == "11110000000000000000")
    }

    @Test(arguments: [
        "", "K7QX", "K7QX3AE5NMHJEKADES5", "K7QX3AE5NMHJEKADES5SS", "K7QX3AE5NMHJEKADES5U", "K7QX3AE5NMHJEKADES5 ",
        "K7QX3AE5NMHJEKADES5Ｓ", String(repeating: "-", count: 1_000_000), "K7QX3AE5NMHJEKADES5\0",
    ])
    func text_thatIsNoCode_isNotRead(text: String) {
        #expect(CodeText(text) == nil)
    }

    @Test func index_beyondTheCount_isForged() throws {
        let cipher = try cipher()
        let code = cipher.code(at: 10_000)

        #expect(cipher.index(of: code, count: 10_001) == 10_000)
        #expect(cipher.index(of: code, count: 10_000) == nil)
    }

    @Test func code_ofAnotherBatch_isForged() throws {
        let other = try CodeCipher(key: #require(key), handle: #require(BatchHandle("K7QY")))
        let code = other.code(at: 1)

        #expect(try cipher().index(of: code, count: 100) == nil)
        // Nor does it help to write this batch's characters before it.
        let moved = "K7QX" + code.description.dropFirst(4)
        #expect(try cipher().index(of: try #require(CodeText(moved)), count: CodeCipher.countMax) == nil)
    }

    @Test func typo_inAnyCharacter_isForged() throws {
        let cipher = try cipher()
        let characters = Array(cipher.code(at: 4_711).description)
        for place in 4..<20 {
            for wrong in "0123456789ABCDEFGHJKMNPQRSTVWXYZ" where wrong != characters[place] {
                var typed = characters
                typed[place] = wrong
                let code = try #require(CodeText(String(typed)))
                #expect(cipher.index(of: code, count: CodeCipher.countMax) == nil)
            }
        }
    }
}
