"""数据导入: a file, its mapping, a preview, the run, its result, what came before."""

from minxin.access import guard
from minxin.board import notices

viewer = guard("imports")
notices.heading("imports", viewer, "把一份台账变成可用的数据：选文件、对字段、看预览、导入、退回修改")
