@echo off
rem Install where needed, simulate the demo where there are no data, serve on 127.0.0.1:8501.
cd /d "%~dp0"
set PYTHONUTF8=1
py -3.11 tools\tasks.py run %*
