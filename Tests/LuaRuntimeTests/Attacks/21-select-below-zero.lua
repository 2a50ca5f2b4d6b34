-- expect: runtime: bad argument #1 to 'select'
select(-2, 1)
