*******************************************************************
*   System-defined Include-files.                                 *
*******************************************************************
  INCLUDE LZLH_FGTOP.                        " Global Declarations
  INCLUDE LZLH_FGUXX.                        " Function Modules

*******************************************************************
*   User-defined Include-files (if necessary).                    *
*******************************************************************
* INCLUDE LZLH_FGF...                        " Subroutines
* INCLUDE LZLH_FGO...                        " PBO-Modules
* INCLUDE LZLH_FGI...                        " PAI-Modules
* INCLUDE LZLH_FGE...                        " Events
  INCLUDE LZLH_FGP01.                        " Local class implement.
* INCLUDE LZLH_FGT99.                        " ABAP Unit tests
