-- Hands MMSpdus (ISO 9506-2, clause 7: the choice's tags 0 to 13) without a session to the MMS decoder of tshark, which offers itself
-- initiate and confirmed requests only: where their length fits, on TCP connections on which it has read MMS before.
local mms = Dissector.get("mms")
local bare = Proto("bare_mms", "MMS without a session")
local spoken = {}
local stream, known = Field.new("tcp.stream"), Field.new("mms")

local function offered(buffer, pinfo, tree)
  local tag = buffer:len() >= 2 and buffer(0, 1):uint() or 0
  local pdu = (tag >= 0xA0 and tag <= 0xAA) or tag == 0x85 or tag == 0x86 or tag == 0x8B or tag == 0x8C or tag == 0xAD
  local connection = stream()
  if not pdu or not connection or not spoken[connection.value] then return false end
  if buffer(1, 1):uint() ~= buffer:len() - 2 then return false end
  mms:call(buffer, pinfo, tree)
  return true
end
bare:register_heuristic("cotp", offered)

function bare.dissector(buffer, pinfo, tree)
  local connection = stream()
  if connection and known() then spoken[connection.value] = true end
end
register_postdissector(bare)
