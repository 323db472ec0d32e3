# coding: latin-1
open('café', 'w').write('é')
