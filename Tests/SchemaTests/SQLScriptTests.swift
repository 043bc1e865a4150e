import Schema
import Testing

struct SQLScriptTests {
    struct Row: Sendable {
        let text: String
        let statements: [String]
    }

    @Test(arguments: [
        Row(text: "", statements: []),
        Row(text: " \n-- only a comment; nothing\n", statements: []),
        Row(text: "SELECT 1", statements: ["SELECT 1"]),
        Row(text: "SELECT 1;;SELECT 2;", statements: ["SELECT 1", "SELECT 2"]),
        Row(text: "SELECT ';', 'it''s;';X", statements: ["SELECT ';', 'it''s;'", "X"]),
        Row(text: "SELECT \"a;b\";X", statements: ["SELECT \"a;b\"", "X"]),
        Row(text: "SELECT E'\\';';X", statements: ["SELECT E'\\';'", "X"]),
        Row(text: "DO $$ BEGIN; END $$;X", statements: ["DO $$ BEGIN; END $$", "X"]),
        Row(text: "DO $a$ $$;$b$; $a$;X", statements: ["DO $a$ $$;$b$; $a$", "X"]),
        Row(text: "SELECT $1;X", statements: ["SELECT $1", "X"]),
        Row(text: "SELECT a$$b;X", statements: ["SELECT a$$b", "X"]),
        Row(text: "A /* ; /* ; */ ; */ B;X", statements: ["A /* ; /* ; */ ; */ B", "X"]),
        Row(text: "A -- ;'\nB;X", statements: ["A -- ;'\nB", "X"]),
        Row(text: "SELECT 'open", statements: ["SELECT 'open"]),
        Row(text: "SELECT $$open;", statements: ["SELECT $$open;"]),
        Row(text: "/* open", statements: []),
        Row(text: "SELECT '岁;';X", statements: ["SELECT '岁;'", "X"]),
    ])
    func script_withQuotesAndComments_isCutAtItsOwnSemicolons(row: Row) {
        #expect(SQLScript(row.text).parts.map(\.text) == row.statements)
    }

    @Test func parts_afterComments_carryTheLineOfTheirFirstWord() {
        let script = SQLScript("-- why\n\nSELECT\n1;\n/* a\nb */ SELECT 2;\nSELECT 3")

        #expect(script.parts.map(\.line) == [3, 6, 7])
    }
}
