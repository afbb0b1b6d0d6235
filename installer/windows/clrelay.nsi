; SPDX-License-Identifier: LGPL-2.1-or-later
;
; The installer. Usage: makensis -DSTAGE=FOLDER -DOUT=FILE -DVERSION=1.2.3 clrelay.nsi
;
; Silent with /S, into another folder with /D=FOLDER as the last word. Installing over an older version stops the service,
; replaces the programs and starts it again; settings, queue and history are never touched, by uninstalling neither.
; Exit status: 0; 2 the service could not be made; 3 installed, but the service does not start (its log tells why).
Unicode true
Target amd64-unicode
SetCompressor /SOLID lzma
Name "Cl Mail Relay"
OutFile "${OUT}"
InstallDir "$PROGRAMFILES64\Cl Mail Relay"
InstallDirRegKey HKLM "Software\Cl Mail Relay" "InstallDir"
RequestExecutionLevel admin
ShowInstDetails show
VIProductVersion "${VERSION}.0"
VIAddVersionKey "ProductName" "Cl Mail Relay"
VIAddVersionKey "FileDescription" "Installs Cl Mail Relay"
VIAddVersionKey "FileVersion" "${VERSION}"
VIAddVersionKey "LegalCopyright" "LGPL-2.1-or-later"
!define UNINSTALL "Software\Microsoft\Windows\CurrentVersion\Uninstall\Cl Mail Relay"
!define RULE "Cl Mail Relay"
Page directory
Page instfiles
UninstPage uninstConfirm
UninstPage instfiles

Section "Cl Mail Relay"
  SetRegView 64
  SetShellVarContext all
  ; Waits until the service has stopped: its files are in use before that.
  nsExec::ExecToLog '"$SYSDIR\net.exe" stop clrelay'
  Pop $0

  ; DLLs of an older version that this one does not bring must not stay. A service is stopped a moment before its process has
  ; ended, and until then its files are in use.
  StrCpy $1 0
  replace:
    RMDir /r "$INSTDIR\bin"
    RMDir /r "$INSTDIR\lib"
    IfFileExists "$INSTDIR\bin\clrelayd.exe" 0 replaced
    IntOp $1 $1 + 1
    Sleep 500
    IntCmp $1 40 0 replace
    DetailPrint "$INSTDIR\bin is in use. Close the programs that use it, and install again."
    SetErrorLevel 2
    Abort
  replaced:
  SetOutPath "$INSTDIR"
  File /r "${STAGE}/*"
  WriteUninstaller "$INSTDIR\uninstall.exe"
  WriteRegStr HKLM "Software\Cl Mail Relay" "InstallDir" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayName" "Cl Mail Relay"
  WriteRegStr HKLM "${UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKLM "${UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKLM "${UNINSTALL}" "UninstallString" '"$INSTDIR\uninstall.exe"'
  WriteRegStr HKLM "${UNINSTALL}" "QuietUninstallString" '"$INSTDIR\uninstall.exe" /S'
  WriteRegDWORD HKLM "${UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKLM "${UNINSTALL}" "NoRepair" 1

  nsExec::ExecToLog '"$INSTDIR\bin\clrelayd.exe" --install'
  Pop $0
  StrCmp $0 "0" made
    DetailPrint "The service could not be made. Say $\"$INSTDIR\bin\clrelayd.exe$\" --install in a console to see why."
    SetErrorLevel 2
    Abort
  made:

  ; By program: whatever ports the settings name, and no others' ports.
  nsExec::ExecToLog '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name="${RULE}"'
  Pop $0
  nsExec::ExecToLog '"$SYSDIR\netsh.exe" advfirewall firewall add rule name="${RULE}" dir=in action=allow protocol=TCP program="$INSTDIR\bin\clrelayd.exe" enable=yes'
  Pop $0
  StrCmp $0 "0" +2
    DetailPrint "The firewall took no rule for the relay. Allow clrelayd.exe there, if devices of the office shall reach it."

  ; Says itself why it does not.
  nsExec::ExecToLog '"$INSTDIR\bin\clrelayd.exe" --start'
  Pop $0
  StrCmp $0 "0" started
    SetErrorLevel 3
  started:
SectionEnd

Section "Uninstall"
  SetRegView 64
  SetShellVarContext all
  nsExec::ExecToLog '"$INSTDIR\bin\clrelayd.exe" --uninstall'
  Pop $0
  StrCmp $0 "0" gone
    DetailPrint "The service could not be removed."
    SetErrorLevel 2
    Abort
  gone:
  nsExec::ExecToLog '"$SYSDIR\netsh.exe" advfirewall firewall delete rule name="${RULE}"'
  Pop $0
  RMDir /r "$INSTDIR\bin"
  RMDir /r "$INSTDIR\lib"
  Delete "$INSTDIR\uninstall.exe"
  RMDir "$INSTDIR"
  DeleteRegKey HKLM "Software\Cl Mail Relay"
  DeleteRegKey HKLM "${UNINSTALL}"
  DetailPrint "Settings and mail stay in the folder Cl Mail Relay of this machine's program data."
SectionEnd
