"""Groups of letters of one script whose printed shapes differ by a dot, a hook or a stroke. An own table."""

import functools

_GROUPS = {
    "Latn": "ce ilI1 O0Q uv hb nm gq ftr SB5 EF PR VY DO mn ao kh jy",
    "Grek": "νυ οσ ιί ηπ αά εέ ωώ κχ ρφ θδ ΟΘΦ ΓΤ ΛΑΔ ΕΞΣ ΠΗ",
    "Cyrl": "шщ ин пл ъьы ес оаэ зэ гт цщ бв мт кж хж ШЩ ИНЙ ПЛ ЪЬЫ ОСЭ ГТ ЗЭ ЦЩ БВ ії",
    "Arab": "بتثپن جحخچ دذ رزژ سش صض طظ عغ فق كگک يىئ وؤ ةه",
    "Hebr": "בכפ דרך החת וזןי סם גנ עצ טמ",
    "Deva": "बव घध भम डङ पषय थय खरव टठढ तन जञ सश चज फक",
    "Beng": "বর কফ ঘয খথ নণ মস জভ তও চছ পগ শল টঢ",
    "Guru": "ਸਮਅ ਘਪਧ ਬਥ ਚਜ ਟਠਢ ਤਭ ਰਹ ਗਰ ਕਫ ਵਨ",
    "Gujr": "ઘધદ પયષ ખરવ બવ ડઙ તન ચય ટઠઢ જસ ગળ કફ થય",
    "Taml": "நத கசத பமய வல ளனண டப ழம ஒஓ எஏ",
    "Telu": "చఛ పఫషస వన మయ బఖ దధథ డఢ గశ తల కర",
    "Mlym": "നണ തന പവ മഥ കത ദഭ ചപ സഡ യഗ രറ ലഖ",
    "Mymr": "ပဟဝ ကတ ခဂ စဓ ဒအ နမ လသ",
    "Thai": "ดตคศ ถภฤ ผฝพฟ บปษ ชซข ฎฏ นมฉ อฮ กถ รธ จว ลส",
    "Geor": "აპ ბზ გვ დლ ვკ თი ნხ რჩ სხ ყწ შმ ცგ ძმ ჯჰ",
    "Hans": "己已巳 未末 土士 日曰目 人入八 大太犬天夫 干千于 王玉主 木本 乌鸟 折拆 贝见 田由甲申 刀力 今令 午牛 白自 "
    "问间 候侯 师帅 免兔 代伐 拔拨 在再 往住 治冶 晴睛清请情 喝渴 处外 买卖 体休 找我 没设 我戈 活话 远运 "
    "这过 了子 不木 是足 上止 中申 名各 同间 方万 公分 小少 有月 们门 他地 来末 为办 以似 可司",
    "Jpan": "己已巳 未末 土士 日曰目 人入八 大太犬天夫 干千于 王玉主 木本 烏鳥 折拆 貝見 田由甲申 刀力 今令 午牛 白自 "
    "問間 候侯 師帥 免兎 代伐 在再 往住 治冶 晴睛清請情 体休 会合 同間 方万 公分 小少 東束 "
    "待持侍 シツ ソンリ ロコユ クワケタ ウラフ ナメ アマ チテ スヌ セヤ カガ ハバパ "
    "あお ぬめ れわね るろ はほ きさ ちら "
    "いり けは うつ こに くへ しも",
}  # fmt: skip

# Letters whose printed forms run together.
MERGING = {"Latn": {"rn": "m", "cl": "d", "vv": "w", "m": "rn", "d": "cl", "w": "vv"}}

# Korean: letters within a syllable.
HANGUL = "ㄱㅋㄲ ㄷㅌㄹ ㅂㅍㅃ ㅁㅇㅎ ㅅㅈㅊ ㅏㅑ ㅓㅕ ㅗㅛ ㅜㅠㅡ ㅣㅏㅓ ㅐㅔㅒㅖ"


@functools.cache
def similar(script: str) -> dict[str, str]:
    """The other letters of a letter's groups."""
    found: dict[str, str] = {}
    for group in (HANGUL if script == "Kore" else _GROUPS[script]).split():
        for letter in group:
            found[letter] = found.get(letter, "") + group.replace(letter, "")
    return found
