-- expect: cpuLimit
::again::
goto again
