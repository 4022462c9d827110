@echo off
rem Install what the tests need and run every test.
cd /d "%~dp0"
set PYTHONUTF8=1
py -3.11 tools\tasks.py test %*
