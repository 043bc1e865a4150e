/// The variables that programs read are the ones that `deploy/env.template` explains, and back.
enum Environment {
    /// The variables that code reads: whole string literals `SIYU_…` and `DATABASE_…`, and the settings that Hosting declares.
    static func keys(in files: [SourceFile]) -> Set<String> {
        let programs = files.filter { $0.isIn("Libraries", "Services") }
        let literals = programs.flatMap(\.swift.literals).map(\.text).filter {
            $0.wholeMatch(of: /(?:SIYU|DATABASE)(?:_[A-Z]+)+/) != nil
        }
        let settings = programs.filter { $0.room == "Hosting" }.flatMap { file in
            file.text.matches(of: /\sSetting\(\s*"([a-z-]+)"/).map { variable(ofSetting: String($0.1)) }
        }
        return Set(literals + settings)
    }

    /// As Hosting's `Setting.variable` has it.
    private static func variable(ofSetting name: String) -> String {
        let upper = name.uppercased().replacing("-", with: "_")
        return name.hasPrefix("database-") ? upper : "SIYU_" + upper
    }

    /// The variables that the template sets or shows commented out.
    static func keys(inTemplate template: String) -> Set<String> {
        Set(
            template.split(separator: "\n").compactMap {
                $0.firstMatch(of: /^#?((?:SIYU|DATABASE)(?:_[A-Z]+)+)=/).map { String($0.1) }
            })
    }
}
