import Testing
import Vault

struct MaskedAddressTests {
    @Test(arguments: [
        ("13912345678", "139******78"), ("+86 139-1234-5678", "861********78"), ("0571-8888", "******"), ("", "******"),
    ])
    func phone_masked_hidesSixDigitsAtLeast(phone: String, masked: String) {
        #expect(MaskedAddress(.some(phone: phone)).phone == masked)
    }

    @Test(arguments: [
        ("文三路 478 号华星时代广场 A 座 1201 室", "文三路 478 号***"), ("西湖公馆 3 幢 2 单元 501", "西湖公馆 ***"),
        ("1 Lake Road, flat 5", "***"),
        ("很长很长没有门牌的一条路", "很长很长没有***"), ("五号楼 701", "五号***"),
    ])
    func detail_masked_hasNoUnitAndNoRoom(detail: String, masked: String) {
        #expect(MaskedAddress(.some(detail: detail)).detail == masked)
    }

    @Test(arguments: [("张三", "张*"), ("欧阳娜娜", "欧*"), ("李", "*"), ("", "*")])
    func name_masked_isOneCharacterHoweverLong(name: String, masked: String) {
        #expect(MaskedAddress(.some(name: name)).name == masked)
    }
}

extension PostalAddress {
    fileprivate static func some(name: String = "张三", phone: String = "13912345678", detail: String = "1") -> Self {
        PostalAddress(name: name, phone: phone, province: "浙江省", city: "杭州市", district: "西湖区", detail: detail)
    }
}
