; Silent installer for Windows: setup.exe /S [/D=C:\folder]; uninstall.exe /S keeps the state, uninstall.exe /S /WIPE deletes it.
; Built on Linux by `python installer/build.py windows` from a folder that was frozen on Windows.
Target amd64-unicode ; a store PC is 64-bit: registry and folders are its own, not those of 32-bit programs
Unicode true
!include LogicLib.nsh
!include FileFunc.nsh
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Tillstream"

Name "Tillstream ${VERSION}"
OutFile "${TARGET}"
InstallDir "$PROGRAMFILES64\Tillstream"
RequestExecutionLevel admin
SetCompressor /SOLID lzma
ShowInstDetails show

Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Function .onInit
  ; One installed already: its service lets the receipt in flight finish before its files are replaced.
  nsExec::ExecToLog 'sc.exe stop Tillstream'
FunctionEnd

Section "Tillstream"
  SetOutPath "$INSTDIR"
  File /r "${PROGRAM}/*"
  SetShellVarContext all
  CreateDirectory "$APPDATA\Tillstream"
  ; Keys and journal: administrators and the service only.
  nsExec::ExecToLog 'icacls.exe "$APPDATA\Tillstream" /inheritance:r /grant:r *S-1-5-32-544:(OI)(CI)F *S-1-5-18:(OI)(CI)F'
  nsExec::ExecToLog 'sc.exe create Tillstream binPath= "\"$INSTDIR\tillstream.exe\" agent run --config \"$APPDATA\Tillstream\agent.toml\"" start= delayed-auto DisplayName= "Tillstream store agent"'
  nsExec::ExecToLog 'sc.exe failure Tillstream reset= 3600 actions= restart/200/restart/1000/restart/5000'
  ; Registers connect to the taps; pages stay on this machine.
  nsExec::ExecToLog 'netsh.exe advfirewall firewall add rule name="Tillstream taps" dir=in action=allow program="$INSTDIR\tillstream.exe" enable=yes profile=domain,private'
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "Tillstream store agent"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  IfFileExists "$APPDATA\Tillstream\agent.toml" 0 +2
    nsExec::ExecToLog 'sc.exe start Tillstream'
SectionEnd

Section "Uninstall"
  SetShellVarContext all
  nsExec::ExecToLog 'sc.exe stop Tillstream'
  nsExec::ExecToLog 'sc.exe delete Tillstream'
  nsExec::ExecToLog 'netsh.exe advfirewall firewall delete rule name="Tillstream taps"'
  RMDir /r "$INSTDIR"
  DeleteRegKey HKLM "${UNINSTALL}"
  ; Sales that were not uploaded are in the state: it goes only when somebody says so.
  ${GetParameters} $0
  ClearErrors
  ${GetOptions} $0 "/WIPE" $1
  ${IfNot} ${Errors}
    RMDir /r "$APPDATA\Tillstream"
  ${EndIf}
SectionEnd
