from __future__ import annotations

import gzip

from conformance import mms_tree
from conformance.fields import CHECKS, Check, compare
from decode.protocols.iec61850_octets import bits, tlv
from decode.protocols.mms_octets import domain, integer, text


def check(rows):
    return Check(file="f", table="t", key=("id",), rows=lambda _: iter(rows), mine=dict)


def test_rows_meet_by_key_in_order(tmp_path):
    theirs = [{"id": 1, "x": 5}, {"id": 1, "x": 6}, {"id": 2, "x": 7}]
    found = compare(check(theirs), tmp_path, [{"id": 1, "x": 5}, {"id": 1, "x": 9}, {"id": 3, "x": 0}])
    assert (found.rows, found.missing, found.left) == (3, 1, 1)
    assert (found.said["x"], found.equal["x"], found.first) == (2, 1, {"x": "theirs 6, ours 9"})


def test_a_csv_of_goose_is_read_in_our_words(tmp_path):
    head = "pkt arrival time,MACsrc,MACdst,APPID,GOOSElength,gocbRef,Timeallowedtolive,datset,goID,t,stNum,sqNum,"
    head += "simulation,confRev,ndsCom,num of data,data\n"
    line = '1.000002,a,b,0x3102,146,G,1100,D,g,5.64600,1,0,False,200,True,2,"[True, 0]"\n'
    path = tmp_path / "QUTZS_GOOSE.csv.gz"
    path.write_bytes(gzip.compress((head + line).encode()))
    goose = next(c for c in CHECKS if c.file == path.name)
    [row] = goose.rows(path)
    assert (row["time"], row["appid"], row["nds_com"], row["all_data"]) == (
        "1.000002",
        0x3102,
        True,
        [True, 0],
    )
    ours = {**row, "time": 1_000_002_000, "t": 5_646_000_000, "all_data": '[true, "000"]'}
    found = compare(goose, path, [ours])
    assert (found.missing, found.first) == (0, {})


def test_trees_are_compared_whole(tmp_path):
    pdus = (
        tlv(0xA0, integer(42), tlv(0xAC, domain("LD/DS"))),
        tlv(0xA1, integer(42), tlv(0xA4, tlv(0xA1, bits("0101"), tlv(0x89, b"\x01\x02"), integer(3, 0x80)))),
        tlv(0x8B),
    )
    (tmp_path / "p.der").write_bytes(b"".join(pdus))
    xer = """<!-- -->
    <MMSpdu><confirmed-RequestPDU><invokeID>42</invokeID><confirmedServiceRequest><getNamedVariableListAttributes>
      <domain-specific><domainId>LD</domainId><itemId>DS</itemId></domain-specific>
    </getNamedVariableListAttributes></confirmedServiceRequest></confirmed-RequestPDU></MMSpdu>
    <MMSpdu><confirmed-ResponsePDU><invokeID>42</invokeID><confirmedServiceResponse><read><listOfAccessResult>
      <success><bit-string> 0101 </bit-string></success><success><octet-string>01 02</octet-string></success>
      <failure>3</failure></listOfAccessResult></read></confirmedServiceResponse></confirmed-ResponsePDU></MMSpdu>
    <MMSpdu><conclude-RequestPDU></conclude-RequestPDU></MMSpdu>"""
    (tmp_path / "p.xml").write_text(xer)
    assert mms_tree.compare(tmp_path / "p.der", tmp_path / "p.xml") == (3, 3, [])
    (tmp_path / "p.xml").write_text(xer.replace("<failure>3", "<failure>4"))
    said, same, wrong = mms_tree.compare(tmp_path / "p.der", tmp_path / "p.xml")
    assert (said, same, len(wrong)) == (3, 2, 1)


def test_what_cannot_be_read_is_an_error_of_ours(tmp_path):
    octets = tlv(0xA0, integer(1), tlv(0xA5, text("x", 0x9E)))
    assert [name for name, _ in mms_tree.ours(octets)] == ["error"]
